//! Lists that Authlete hands out in pieces: page by page, or as a stream of what they hold.

use std::collections::VecDeque;
use std::fmt;
use std::ops::{Range, RangeFull};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use crate::error::Error;
use crate::transport::BoxFuture;

/// Which elements of a list to get: `0..20` the first twenty, `..` as many as the server gives unasked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRange(Option<Range<i32>>);

impl PageRange {
    #[doc(hidden)]
    pub fn start(&self) -> Option<i32> {
        self.0.as_ref().map(|range| range.start)
    }

    #[doc(hidden)]
    pub fn end(&self) -> Option<i32> {
        self.0.as_ref().map(|range| range.end)
    }
}

impl From<Range<i32>> for PageRange {
    fn from(range: Range<i32>) -> Self {
        Self(Some(range))
    }
}

impl From<RangeFull> for PageRange {
    fn from(_: RangeFull) -> Self {
        Self(None)
    }
}

/// A piece of a list.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ListPage<T> {
    /// Where in the list it starts, counted from 0.
    pub start: i32,
    /// What it holds.
    pub items: Vec<T>,
    /// How long the whole list is, where the server says so.
    pub total: Option<i32>,
    /// How many were asked for.
    wanted: i32,
}

impl<T> ListPage<T> {
    /// What came for a range.
    #[doc(hidden)]
    pub fn new(range: Range<i32>, items: impl Into<Option<Vec<T>>>, total: impl Into<Option<i32>>) -> Self {
        let items = items.into().unwrap_or_default();
        Self { start: range.start, items, total: total.into(), wanted: range.end.saturating_sub(range.start) }
    }

    /// Where the next page starts, when there is one.
    fn next(&self) -> Option<i32> {
        let count = i32::try_from(self.items.len()).ok().filter(|count| *count > 0)?;
        let next = self.start.checked_add(count)?;
        let more = self.total.map_or(count >= self.wanted, |total| next < total);
        more.then_some(next)
    }
}

type Fetch<'a, T> = Box<dyn Fn(Range<i32>) -> BoxFuture<'a, Result<ListPage<T>, Error>> + Send + Sync + 'a>;

/// A whole list, of which nothing is fetched before it is asked for.
///
/// ```no_run
/// # async fn example(service: authlete_api::AuthleteService) -> Result<(), authlete_api::Error> {
/// let mut pages = service.clients().list().pages().page_size(50);
/// while let Some(page) = pages.next_page().await? {
///     println!("{} of {:?}", page.items.len(), page.total);
/// }
/// # Ok(())
/// # }
/// ```
///
/// [`Pages::into_stream`] yields what the pages hold, one by one.
#[must_use = "nothing is fetched until it is asked for"]
pub struct Pages<'a, T> {
    fetch: Fetch<'a, T>,
    size: i32,
    /// Where the next page starts; `None` after the last one.
    next: Option<i32>,
}

impl<'a, T> Pages<'a, T> {
    #[doc(hidden)]
    pub fn new(fetch: impl Fn(Range<i32>) -> BoxFuture<'a, Result<ListPage<T>, Error>> + Send + Sync + 'a) -> Self {
        Self { fetch: Box::new(fetch), size: 100, next: Some(0) }
    }

    /// How many elements to ask for at a time: 100 unless said otherwise, and at least 1.
    pub fn page_size(mut self, size: i32) -> Self {
        self.size = size.max(1);
        self
    }

    /// Leaves out the first elements.
    pub fn start_at(mut self, start: i32) -> Self {
        self.next = Some(start.max(0));
        self
    }

    /// The next page; `None` after the last one. After an error the same page can be asked for again.
    ///
    /// # Errors
    /// What went wrong with the call.
    pub async fn next_page(&mut self) -> Result<Option<ListPage<T>>, Error> {
        let Some(call) = self.call() else { return Ok(None) };
        let page = call.await?;
        Ok(self.turn(page))
    }

    /// What all pages hold.
    ///
    /// # Errors
    /// What went wrong with the first call that failed.
    pub async fn collect(mut self) -> Result<Vec<T>, Error> {
        let mut items = Vec::new();
        while let Some(page) = self.next_page().await? {
            items.extend(page.items);
        }
        Ok(items)
    }

    /// What the pages hold, as a stream that fetches a page when it comes to it, and ends after an error.
    pub fn into_stream(self) -> Items<'a, T> {
        Items { pages: self, ready: VecDeque::new(), pending: None }
    }

    fn call(&self) -> Option<BoxFuture<'a, Result<ListPage<T>, Error>>> {
        let start = self.next?;
        Some((self.fetch)(start..start.saturating_add(self.size)))
    }

    /// Notes where to go on; an empty page is the end.
    fn turn(&mut self, page: ListPage<T>) -> Option<ListPage<T>> {
        self.next = page.next();
        (!page.items.is_empty()).then_some(page)
    }
}

impl<T> fmt::Debug for Pages<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages").field("size", &self.size).field("next", &self.next).finish_non_exhaustive()
    }
}

/// The elements of a list, as a [`Stream`].
#[must_use = "a stream does nothing until it is polled"]
pub struct Items<'a, T> {
    pages: Pages<'a, T>,
    ready: VecDeque<T>,
    pending: Option<BoxFuture<'a, Result<ListPage<T>, Error>>>,
}

impl<T: Unpin> Stream for Items<'_, T> {
    type Item = Result<T, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            if let Some(item) = this.ready.pop_front() {
                return Poll::Ready(Some(Ok(item)));
            }
            let Some(pending) = this.pending.as_mut() else {
                match this.pages.call() {
                    Some(call) => this.pending = Some(call),
                    None => return Poll::Ready(None),
                }
                continue;
            };
            let answer = ready!(pending.as_mut().poll(context));
            this.pending = None;
            match answer {
                Ok(page) => this.ready.extend(this.pages.turn(page).map(|page| page.items).unwrap_or_default()),
                Err(error) => {
                    this.pages.next = None;
                    return Poll::Ready(Some(Err(error)));
                }
            }
        }
    }
}

impl<T> fmt::Debug for Items<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items").field("pages", &self.pages).field("ready", &self.ready.len()).finish_non_exhaustive()
    }
}
