//! Which schemas are sent and which are read: a change breaks one side or the other.

use std::collections::BTreeMap;

use super::{Node, resolved};
use crate::Document;

/// Whether a schema is part of requests, of responses, or of both; of neither when no operation reaches it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Direction {
    /// It can be part of a request.
    pub(super) sent: bool,
    /// It can be part of a response.
    pub(super) read: bool,
}

impl Direction {
    const SENT: Self = Self { sent: true, read: false };
    const READ: Self = Self { sent: false, read: true };

    pub(super) fn or(self, other: Self) -> Self {
        Self { sent: self.sent || other.sent, read: self.read || other.read }
    }

    /// Whether any operation reaches it.
    pub(super) fn used(self) -> bool {
        self.sent || self.read
    }
}

/// The direction of every schema, by JSON pointer.
#[derive(Debug, Default)]
pub(super) struct Directions(BTreeMap<String, Direction>);

impl Directions {
    pub(super) fn at(&self, pointer: &str) -> Direction {
        self.0.get(pointer).copied().unwrap_or_default()
    }

    pub(super) fn of(document: &Document) -> Self {
        let mut directions = Self::default();
        let mut open = Vec::new();
        let root = Node { at: String::new(), value: &document.0 };
        for (_, item) in root.get("paths").iter().flat_map(Node::entries) {
            let item = resolved(document, &item);
            roots(document, &item, &mut open);
            for method in crate::document::METHODS {
                if let Some(operation) = item.get(method) {
                    roots(document, &operation, &mut open);
                }
            }
        }
        // A list instead of recursion: how far references lead is up to the document.
        while let Some((node, direction)) = open.pop() {
            let node = resolved_below(document, node, direction, &mut open);
            if (direction.sent && node.flag("readOnly")) || (direction.read && node.flag("writeOnly")) {
                continue;
            }
            let known = directions.0.entry(node.at.clone()).or_default();
            let both = known.or(direction);
            if both == *known {
                continue;
            }
            *known = both;
            open.extend(children(&node).map(|child| (child, direction)));
        }
        directions
    }
}

/// The node, with what its reference leads to left for later.
fn resolved_below<'a>(
    document: &'a Document,
    node: Node<'a>,
    direction: Direction,
    open: &mut Vec<(Node<'a>, Direction)>,
) -> Node<'a> {
    if node.reference().is_some() {
        let target = resolved(document, &node);
        if target.at != node.at && target.reference().is_none() {
            open.push((target, direction));
        }
    }
    node
}

/// The schemas that a path item or an operation names itself.
fn roots<'a>(document: &'a Document, node: &Node<'a>, open: &mut Vec<(Node<'a>, Direction)>) {
    for parameter in node.get("parameters").iter().flat_map(Node::items) {
        let parameter = resolved(document, &parameter);
        open.extend(parameter.get("schema").map(|schema| (schema, Direction::SENT)));
        open.extend(contents(&parameter).map(|schema| (schema, Direction::SENT)));
    }
    if let Some(body) = node.get("requestBody") {
        open.extend(contents(&resolved(document, &body)).map(|schema| (schema, Direction::SENT)));
    }
    for (_, response) in node.get("responses").iter().flat_map(Node::entries) {
        let response = resolved(document, &response);
        open.extend(contents(&response).map(|schema| (schema, Direction::READ)));
        for (_, header) in response.get("headers").iter().flat_map(Node::entries) {
            open.extend(resolved(document, &header).get("schema").map(|schema| (schema, Direction::READ)));
        }
    }
}

fn contents<'a>(node: &Node<'a>) -> impl Iterator<Item = Node<'a>> {
    let content = node.get("content");
    let media: Vec<_> = content.iter().flat_map(Node::entries).collect();
    media.into_iter().filter_map(|(_, media)| media.get("schema"))
}

/// The schemas written within a schema.
fn children<'a>(node: &Node<'a>) -> impl Iterator<Item = Node<'a>> {
    let mut children: Vec<_> = node.get("properties").iter().flat_map(Node::entries).map(|(_, node)| node).collect();
    for key in ["items", "additionalProperties", "not"] {
        children.extend(node.get(key));
    }
    for key in ["allOf", "oneOf", "anyOf"] {
        children.extend(node.get(key).iter().flat_map(Node::items));
    }
    children.into_iter()
}
