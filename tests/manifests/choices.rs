//! A stream of bytes as a stream of choices. Where it has run out, every choice is the first, which is the plainest: so
//! shorter and smaller bytes are simpler manifests.

use arbitrary::Unstructured;

pub(crate) struct Choices<'b>(Unstructured<'b>);

impl<'b> Choices<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Choices<'b> {
        Choices(Unstructured::new(bytes))
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0.int_in_range(0..=end.max(1) - 1).unwrap_or_default()
    }

    pub(crate) fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    /// True in so many of a hundred cases.
    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        percent > 0 && self.below(100) + percent >= 100
    }

    /// Another order, mostly the same.
    pub(crate) fn shuffle<T>(&mut self, percent: usize, all: &mut [T]) {
        if self.chance(percent) {
            for at in (1..all.len()).rev() {
                let other = at - self.below(at + 1);
                all.swap(at, other);
            }
        }
    }
}
