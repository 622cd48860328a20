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

/// A place in a list whose pages are reached by cursors: what the server calls it. The default is the beginning.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cursor(Option<String>);

impl Cursor {
    /// What the server calls it; `None` at the beginning.
    pub fn as_str(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

impl From<&str> for Cursor {
    fn from(cursor: &str) -> Self {
        Self(Some(cursor.to_owned()))
    }
}

impl From<String> for Cursor {
    fn from(cursor: String) -> Self {
        Self(Some(cursor))
    }
}

/// A piece of a list.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ListPage<T, P = i32> {
    /// Where in the list it starts: counted from 0, or the cursor that it was fetched with.
    pub start: P,
    /// What it holds.
    pub items: Vec<T>,
    /// How long the whole list is, where the server says so.
    pub total: Option<i32>,
    /// Where the next page starts, when there is one.
    pub next: Option<P>,
}

impl<T> ListPage<T> {
    /// What came for a range.
    #[doc(hidden)]
    pub fn new(range: Range<i32>, items: impl Into<Option<Vec<T>>>, total: impl Into<Option<i32>>) -> Self {
        let (items, total) = (items.into().unwrap_or_default(), total.into());
        let wanted = range.end.saturating_sub(range.start);
        let count = i32::try_from(items.len()).unwrap_or(0);
        let next = range.start.checked_add(count).filter(|next| total.map_or(count >= wanted, |total| *next < total));
        Self { start: range.start, items, total, next: next.filter(|_| count > 0) }
    }
}

impl<T> ListPage<T, Cursor> {
    /// What came for a cursor.
    #[doc(hidden)]
    pub fn at(
        start: Cursor,
        items: impl Into<Option<Vec<T>>>,
        total: impl Into<Option<i32>>,
        next: impl Into<Option<String>>,
    ) -> Self {
        let next = next.into().filter(|next| !next.is_empty()).map(Cursor::from);
        // A server that gives the same cursor again would be asked for ever.
        let next = next.filter(|next| *next != start);
        Self { start, items: items.into().unwrap_or_default(), total: total.into(), next }
    }
}

type Page<'a, T, P> = BoxFuture<'a, Result<ListPage<T, P>, Error>>;

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
/// [`Pages::into_stream`] yields what the pages hold, one by one. `P` is how the server wants to be told where a page starts:
/// by a number, or by a [`Cursor`].
#[must_use = "nothing is fetched until it is asked for"]
pub struct Pages<'a, T, P = i32> {
    /// Fetches a page, from where it starts and how much it may hold.
    fetch: Box<dyn Fn(P, i32) -> Page<'a, T, P> + Send + Sync + 'a>,
    size: i32,
    /// Where the next page starts; `None` after the last one.
    next: Option<P>,
}

impl<'a, T> Pages<'a, T> {
    #[doc(hidden)]
    pub fn new(fetch: impl Fn(Range<i32>) -> Page<'a, T, i32> + Send + Sync + 'a) -> Self {
        let fetch = move |start: i32, size| fetch(start.max(0)..start.max(0).saturating_add(size));
        Self { fetch: Box::new(fetch), size: 100, next: Some(0) }
    }
}

impl<'a, T> Pages<'a, T, Cursor> {
    #[doc(hidden)]
    pub fn by_cursor(fetch: impl Fn(Cursor, i32) -> Page<'a, T, Cursor> + Send + Sync + 'a) -> Self {
        Self { fetch: Box::new(fetch), size: 100, next: Some(Cursor::default()) }
    }
}

impl<'a, T, P: Clone> Pages<'a, T, P> {
    /// How many elements to ask for at a time: 100 unless said otherwise, and at least 1.
    pub fn page_size(mut self, size: i32) -> Self {
        self.size = size.max(1);
        self
    }

    /// Starts there, and leaves out what is before: the number of elements to leave out, or the `next` of an earlier page.
    pub fn start_at(mut self, start: impl Into<P>) -> Self {
        self.next = Some(start.into());
        self
    }

    /// The next page; `None` after the last one. After an error the same page can be asked for again.
    ///
    /// # Errors
    /// What went wrong with the call.
    pub async fn next_page(&mut self) -> Result<Option<ListPage<T, P>>, Error> {
        while let Some(call) = self.call() {
            let page = call.await?;
            if let Some(page) = self.turn(page) {
                return Ok(Some(page));
            }
        }
        Ok(None)
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
    pub fn into_stream(self) -> Items<'a, T, P> {
        Items { pages: self, ready: VecDeque::new(), pending: None }
    }

    fn call(&self) -> Option<Page<'a, T, P>> {
        Some((self.fetch)(self.next.clone()?, self.size))
    }

    /// Notes where to go on, and leaves out a page that is empty.
    fn turn(&mut self, page: ListPage<T, P>) -> Option<ListPage<T, P>> {
        self.next.clone_from(&page.next);
        (!page.items.is_empty()).then_some(page)
    }
}

impl<T, P: fmt::Debug> fmt::Debug for Pages<'_, T, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages").field("size", &self.size).field("next", &self.next).finish_non_exhaustive()
    }
}

/// The elements of a list, as a [`Stream`].
#[must_use = "a stream does nothing until it is polled"]
pub struct Items<'a, T, P = i32> {
    pages: Pages<'a, T, P>,
    ready: VecDeque<T>,
    pending: Option<Page<'a, T, P>>,
}

impl<T: Unpin, P: Clone + Unpin> Stream for Items<'_, T, P> {
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

impl<T, P: fmt::Debug> fmt::Debug for Items<'_, T, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items").field("pages", &self.pages).field("ready", &self.ready.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_has_a_start_and_an_end_or_neither() {
        let range = PageRange::from(5..9);
        assert_eq!((range.start(), range.end()), (Some(5), Some(9)));
        let all = PageRange::from(..);
        assert_eq!((all.start(), all.end()), (None, None));
    }
}
