//! Which generation a delegate is of: told by the names of its variables and by the tag of its image.

use std::fmt;

/// The two kinds of delegates that speak mTLS, and the one that does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Generation {
    /// Immutable ("classic") delegate, a Java program: `ACCOUNT_ID`.
    Classic,
    /// Delegate 3.x, a Go program: `HARNESS_ACCOUNT_ID`.
    ThreeX,
    /// Downloads its program at start; knows no client certificate.
    Legacy(Legacy),
}

/// What gave a legacy delegate away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Legacy {
    /// Where that stands.
    pub offset: usize,
    /// What it is: the kind, or a variable.
    pub because: String,
}

/// An image that does not tell which release it is. Displays as what `cannot tell … whether` goes on with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnknownImage {
    /// None is named.
    None,
    /// One without tag and digest.
    Untagged(String),
    /// One with a digest and no tag.
    Digest,
    /// One with this tag.
    Tag(String),
}

impl UnknownImage {
    /// The same, with its text as `show` shows it.
    #[must_use]
    pub fn shown(&self, show: impl Fn(&str) -> String) -> UnknownImage {
        match self {
            UnknownImage::None => UnknownImage::None,
            UnknownImage::Untagged(image) => UnknownImage::Untagged(show(image)),
            UnknownImage::Digest => UnknownImage::Digest,
            UnknownImage::Tag(tag) => UnknownImage::Tag(show(tag)),
        }
    }
}

impl fmt::Display for UnknownImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UnknownImage::None => write!(f, "without an image"),
            UnknownImage::Untagged(image) => write!(f, "from the image `{image}`, which has no tag,"),
            UnknownImage::Digest => write!(f, "from the image's digest"),
            UnknownImage::Tag(tag) => write!(f, "from the image's tag `{tag}`"),
        }
    }
}

/// Which of the variables that tell a delegate an environment names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Variables {
    pub(super) manager: bool,
    account: bool,
    harness_account: bool,
    pub(super) storage: bool,
}

impl Variables {
    pub(super) fn note(&mut self, name: &str) {
        match name {
            "MANAGER_HOST_AND_PORT" => self.manager = true,
            "ACCOUNT_ID" => self.account = true,
            "HARNESS_ACCOUNT_ID" => self.harness_account = true,
            "WATCHER_STORAGE_URL" | "DELEGATE_STORAGE_URL" => self.storage = true,
            _ => {}
        }
    }

    pub(super) fn and(self, other: Variables) -> Variables {
        Variables {
            manager: self.manager || other.manager,
            account: self.account || other.account,
            harness_account: self.harness_account || other.harness_account,
            storage: self.storage || other.storage,
        }
    }

    /// A legacy manifest may leave the account out: what it downloads its program from gives it away.
    pub(super) fn is_delegate(self) -> bool {
        self.manager && (self.account || self.harness_account || self.storage)
    }

    pub(super) fn any(self) -> bool {
        self != Variables::default()
    }

    /// The generation of a delegate that is not a legacy one.
    pub(super) fn generation(self, tag: &Tag) -> Generation {
        if self.harness_account && !(self.account && *tag != Tag::ThreeX) {
            Generation::ThreeX
        } else {
            Generation::Classic
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Tag {
    Classic,
    ThreeX,
    Unknown(UnknownImage),
}

impl Tag {
    /// The image that does not tell.
    pub(super) fn unknown(self) -> Option<UnknownImage> {
        match self {
            Tag::Unknown(image) => Some(image),
            Tag::Classic | Tag::ThreeX => None,
        }
    }

    /// The tag of an image reference: behind the last colon that is behind the last slash, before a digest.
    pub(super) fn of(image: &str) -> Tag {
        let name = image.rsplit('/').next().unwrap_or_default();
        let tagged = name.split('@').next().unwrap_or_default();
        let tag = tagged.split_once(':').map(|(_, tag)| tag).unwrap_or_default();
        let mut parts = tag.split(['.', '-']).map(|part| part.parse::<u32>().is_ok().then_some(part.len()));
        match (parts.next().flatten(), parts.next().flatten(), parts.next().flatten()) {
            (Some(2), Some(2), Some(4..=6)) => Tag::Classic,
            (Some(1), Some(1..=3), Some(1..=3)) if tag.starts_with("3.") => Tag::ThreeX,
            _ if !tag.is_empty() => Tag::Unknown(UnknownImage::Tag(tag.to_owned())),
            _ if name.contains('@') => Tag::Unknown(UnknownImage::Digest),
            _ if image.is_empty() => Tag::Unknown(UnknownImage::None),
            _ => Tag::Unknown(UnknownImage::Untagged(image.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn image_tags() {
        for (image, expected) in [
            ("registry.example.com:5000/delegate:26.07.89707", Tag::Classic),
            ("example/delegate:23.12.81804.minimal", Tag::Classic),
            ("example/delegate:3.3.1", Tag::ThreeX),
            ("example/delegate:latest", Tag::Unknown(UnknownImage::Tag("latest".to_owned()))),
            ("localhost:5000/delegate", Tag::Unknown(UnknownImage::Untagged("localhost:5000/delegate".to_owned()))),
            ("d@sha256:00", Tag::Unknown(UnknownImage::Digest)),
            ("d:latest@sha256:00", Tag::Unknown(UnknownImage::Tag("latest".to_owned()))),
            ("", Tag::Unknown(UnknownImage::None)),
            ("d:26.07.89707@sha256:00", Tag::Classic),
        ] {
            assert_eq!(Tag::of(image), expected, "{image}");
        }
    }
}
