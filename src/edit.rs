//! Original text + edits → new text. Knows no YAML.

use std::fmt;

use thiserror::Error;

use crate::delegate::Mask;
use crate::yaml::Span;

/// One replacement. An insertion has an empty span, a deletion an empty text.
#[derive(Clone, PartialEq, Eq)]
pub struct Edit {
    /// The bytes of the original that go away.
    pub span: Span,
    /// What comes in their place.
    pub text: String,
    /// What of `text` must not be shown, as bytes of it.
    pub masks: Vec<Mask>,
}

impl fmt::Debug for Edit {
    /// The text may hold a key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Edit").field("span", &self.span).field("bytes", &self.text.len()).finish_non_exhaustive()
    }
}

/// Two edits touch the same bytes, or one lies outside the text: a mistake of the planner, never of the user.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("edits overlap at byte {at}")]
pub struct Overlap {
    /// Where, as a byte of the original.
    pub at: usize,
}

/// A new text, and how its bytes lie to the original's.
pub struct Spliced {
    /// The new text.
    pub text: String,
    /// Where in the new text the masked values are, given those of the original.
    pub masks: Vec<Mask>,
}

impl fmt::Debug for Spliced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spliced").field("bytes", &self.text.len()).finish_non_exhaustive()
    }
}

/// Applies edits in one pass, in the order of their spans; those at one offset in the order given. What no edit covers
/// is copied byte for byte. `masks` are those of the original.
///
/// What an edit puts into a masked value is masked with it: it may be a part of the secret. Only an edit that takes the
/// whole value away and says itself what to mask is believed.
///
/// # Errors
/// When two edits overlap, or one does not fit the text.
pub fn splice(original: &str, mut edits: Vec<Edit>, masks: &[Mask]) -> Result<Spliced, Overlap> {
    edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
    let grown: usize = edits.iter().map(|edit| edit.text.len()).sum();
    let mut text = String::with_capacity(original.len() + grown);
    let mut new_masks = Vec::with_capacity(masks.len());
    let mut moves = Vec::with_capacity(edits.len());
    let mut at = 0;
    // each edit is gone once it is copied: those of a large fleet are as large as the input
    for edit in edits {
        let kept = original.get(at..edit.span.start).ok_or(Overlap { at: edit.span.start })?;
        text.push_str(kept);
        let base = text.len();
        text.push_str(&edit.text);
        at = edit.span.end;
        let own = edit.masks.iter().map(|mask| Mask { span: base + mask.span.start..base + mask.span.end, ..*mask });
        new_masks.extend(own);
        moves.push(Move { old: edit.span, new: base..text.len(), masked: !edit.masks.is_empty() });
    }
    text.push_str(original.get(at..).ok_or(Overlap { at })?);
    new_masks.extend(masks.iter().filter_map(|mask| moved(mask, &moves)));
    Mask::put_in_order(&mut new_masks);
    Ok(Spliced { text, masks: new_masks })
}

/// Where an edit was, and where its text is.
struct Move {
    old: Span,
    new: Span,
    /// Whether it brings masks of its own.
    masked: bool,
}

/// Where a masked value of the original is in the new text; `None` where nothing is left of it.
fn moved(mask: &Mask, moves: &[Move]) -> Option<Mask> {
    let Span { start, end } = mask.span;
    // what is inserted right before the value is not in it, nor is what is inserted right behind it
    let passed = moves.partition_point(|edit| edit.old.end <= start);
    let covering = moves.get(passed).filter(|edit| edit.old.start <= start);
    if covering.is_some_and(|edit| edit.masked && end <= edit.old.end) {
        return None;
    }
    let behind = |passed: usize, offset: usize| {
        let last = passed.checked_sub(1).and_then(|at| moves.get(at));
        last.map_or(offset, |edit| edit.new.end + (offset - edit.old.end))
    };
    let new_start = covering.map_or_else(|| behind(passed, start), |edit| edit.new.start);
    let reached = moves.partition_point(|edit| edit.old.start < end);
    let last = reached.checked_sub(1).and_then(|at| moves.get(at));
    let new_end = match last.filter(|edit| end <= edit.old.end) {
        Some(edit) => edit.new.end,
        None => behind(reached, end),
    };
    (new_start < new_end).then_some(Mask { span: new_start..new_end, holds: mask.holds })
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "a test that panics says where")]
mod tests {
    use super::*;
    use crate::delegate::Holds;
    use proptest::prelude::*;

    fn edit(span: Span, text: &str) -> Edit {
        Edit { span, text: text.to_owned(), masks: Vec::new() }
    }

    #[test]
    fn what_an_edit_puts_into_a_masked_value_is_masked() {
        let mask = |span| Mask { span, holds: Holds::Secret };
        let masks = |edits: Vec<Edit>| splice("abcdefgh", edits, &[mask(2..6)]).unwrap().masks;
        assert_eq!(masks(vec![edit(2..4, "X")]), [mask(2..5)]);
        assert_eq!(masks(vec![edit(4..6, "XYZ")]), [mask(2..7)]);
        assert_eq!(masks(vec![edit(5..8, "XYZ")]), [mask(2..8)]);
        assert_eq!(masks(vec![edit(3..4, "")]), [mask(2..5)]);
        assert_eq!(masks(vec![edit(3..3, "X"), edit(4..5, "Y")]), [mask(2..7)]);
        assert_eq!(masks(vec![edit(2..2, "X")]), [mask(3..7)]);
        assert_eq!(masks(vec![edit(6..6, "X")]), [mask(2..6)]);
        assert_eq!(masks(vec![edit(0..2, "X"), edit(6..8, "")]), [mask(1..5)]);
        assert_eq!(masks(vec![edit(4..6, "X"), edit(6..6, "Y")]), [mask(2..5)]);
        assert_eq!(masks(vec![edit(1..7, "X")]), [mask(1..2)]);
        assert_eq!(masks(vec![edit(1..7, "")]), []);
        let own = |span| Edit { masks: vec![mask(1..2)], ..edit(span, "XYZ") };
        assert_eq!(masks(vec![own(2..6)]), [mask(3..4)]);
        assert_eq!(masks(vec![own(2..5)]), [mask(2..6)]);
        assert_eq!(masks(vec![own(7..8), edit(0..0, "12")]), [mask(4..8), mask(10..11)]);
    }

    #[test]
    fn debug_shows_where_and_how_much_and_no_text() {
        assert_eq!(format!("{:?}", edit(1..2, "key")), "Edit { span: 1..2, bytes: 3, .. }");
        let spliced = splice("ab", vec![edit(1..2, "key")], &[]).unwrap();
        assert_eq!(format!("{spliced:?}"), "Spliced { bytes: 4, .. }");
    }

    #[test]
    fn edits_at_one_offset_keep_their_order() {
        let spliced = splice("ab", vec![edit(1..1, "1"), edit(1..1, "2"), edit(0..1, "x")], &[]).unwrap();
        assert_eq!(spliced.text, "x12b");
    }

    #[test]
    fn refuses_overlap_and_what_lies_outside() {
        assert_eq!(splice("abc", vec![edit(0..2, ""), edit(1..3, "")], &[]).unwrap_err(), Overlap { at: 1 });
        assert!(splice("abc", vec![edit(2..9, "")], &[]).is_err());
        assert!(splice("ü", vec![edit(1..1, "x")], &[]).is_err());
    }

    #[test]
    fn masks_move_with_the_text() {
        let mask = |span| Mask { span, holds: Holds::Secret };
        let mut insertion = edit(2..2, "+S+");
        insertion.masks.push(mask(1..2));
        let spliced =
            splice("S.s.R.T", vec![insertion, edit(4..5, "r")], &[mask(0..1), mask(2..3), mask(4..5), mask(6..7)]);
        let spliced = spliced.unwrap();
        assert_eq!(spliced.text, "S.+S+s.r.T");
        assert_eq!(spliced.masks, [mask(0..1), mask(3..4), mask(5..6), mask(7..8), mask(9..10)]);
    }

    proptest! {
        #[test]
        fn outside_the_edits_it_is_identity(text in "[a-zé\n]{0,40}", cuts in prop::collection::vec((0usize..41, 0usize..41, "[A-Z]{0,3}"), 0..6)) {
            let edits: Vec<Edit> = cuts.into_iter().map(|(a, b, new)| edit(a.min(b)..a.max(b), &new)).collect();
            if let Ok(spliced) = splice(&text, edits.clone(), &[]) {
                let mut order: Vec<&Edit> = edits.iter().collect();
                order.sort_by_key(|edit| (edit.span.start, edit.span.end));
                // taking the edits back out, from the last to the first, gives the original
                let mut back = spliced.text;
                let mut grown: isize = order.iter().map(|edit| edit.text.len() as isize - edit.span.len() as isize).sum();
                for edit in order.iter().rev() {
                    grown -= edit.text.len() as isize - edit.span.len() as isize;
                    let start = (edit.span.start as isize + grown) as usize;
                    prop_assert_eq!(&back[start..start + edit.text.len()], &edit.text);
                    back.replace_range(start..start + edit.text.len(), &text[edit.span.clone()]);
                }
                prop_assert_eq!(back, text);
            }
        }
    }
}
