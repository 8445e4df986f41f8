//! Manifests in every style that YAML has, made of choices, and what is promised of each. The property tests and the
//! fuzz target share them; the published package does not hold them.
//!
//! ```text
//! bytes ─► choices ─► objects (data) ─► writer ─► text + what is known of it ─► promises
//! ```

mod choices;
mod node;
mod objects;
mod plan;
pub(crate) mod promises;
pub(crate) mod stages;
mod writer;

use serde_yaml::Value;

use choices::Choices;
use objects::Objects;
use writer::Style;

/// Where every URL moves to.
pub(crate) const ENDPOINT: &str = "https://acme.harness.io:8443";
/// The Secret that is referred to where the pair is not written.
pub(crate) const EXISTING: &str = "fleet";

/// What inject is asked to do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Goal {
    /// URLs move.
    pub(crate) endpoint: bool,
    /// The upgrader moves.
    pub(crate) upgrader: bool,
    /// The pair is in a Secret elsewhere.
    pub(crate) existing: bool,
}

impl Default for Goal {
    fn default() -> Goal {
        Goal { endpoint: true, upgrader: true, existing: false }
    }
}

/// What inject must refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Obstacle {
    Legacy,
    LegacyKind,
    TaggedUrl,
    BlockUrl,
    ManagerFromElsewhere,
    OtherValue,
    PathTaken,
    ConfigInQuotes,
    ConfigFolded,
    /// An upgrader in JSON, which has no block scalars.
    ConfigInJson,
}

impl Obstacle {
    const ALL: [Obstacle; 9] = [
        Obstacle::Legacy,
        Obstacle::LegacyKind,
        Obstacle::TaggedUrl,
        Obstacle::BlockUrl,
        Obstacle::ManagerFromElsewhere,
        Obstacle::OtherValue,
        Obstacle::PathTaken,
        Obstacle::ConfigInQuotes,
        Obstacle::ConfigFolded,
    ];

    fn needs_upgrader(self) -> bool {
        matches!(self, Obstacle::ConfigInQuotes | Obstacle::ConfigFolded)
    }

    /// What is said of it.
    fn reason(self) -> &'static str {
        match self {
            Obstacle::Legacy | Obstacle::LegacyKind => "is a legacy delegate",
            Obstacle::TaggedUrl => "carries a tag",
            Obstacle::BlockUrl => "written as a block scalar",
            Obstacle::ManagerFromElsewhere => "takes its value from elsewhere",
            Obstacle::OtherValue => "is set to another value",
            Obstacle::PathTaken => "is taken by another mount",
            Obstacle::ConfigInQuotes | Obstacle::ConfigFolded | Obstacle::ConfigInJson => {
                "it is not a literal block scalar"
            }
        }
    }
}

/// What remove gives of what inject gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum WayBack {
    /// Nothing is promised.
    None,
    /// The same data, but for lists with nothing in them.
    Values,
    /// The same bytes.
    Bytes,
}

#[derive(Debug)]
pub(crate) struct Delegate {
    name: String,
    namespace: Option<String>,
    /// Delegate 3.x.
    newer: bool,
    /// Its `MANAGER_HOST_AND_PORT`.
    base: String,
    /// The ConfigMap that holds its variables.
    config_map: Option<String>,
    /// The Secret that holds its token.
    token: Option<String>,
    /// Whether its upgrader has a CronJob; `None` without an upgrader.
    upgrader: Option<bool>,
}

/// A manifest, and what is known of it because it was made so.
#[derive(Debug)]
pub(crate) struct Manifest {
    pub(crate) text: String,
    /// What it says.
    documents: Vec<Value>,
    delegates: Vec<Delegate>,
    /// Texts that must never be shown.
    secrets: Vec<String>,
    goal: Goal,
    obstacle: Option<Obstacle>,
    back: WayBack,
    crlf: bool,
}

impl Manifest {
    /// The manifest that these choices make.
    pub(crate) fn new(choices: &[u8]) -> Manifest {
        let mut choices = Choices::new(choices);
        let style = Style::new(&mut choices);
        let (documents, manifest) = Objects::choose(&mut choices, &style);
        Manifest { text: writer::stream(&mut choices, &style, &documents), ..manifest }
    }
}
