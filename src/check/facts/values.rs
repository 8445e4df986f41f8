//! The values of a delegate in a Helm values file → what they say of its name, its endpoint and its Secret.

use super::pod::Value;
use super::{Page, Said, Spot, text_of};
use crate::delegate::values::{self, ENDPOINT_KEY, MTLS_KEY, VARIABLES_KEY};
use crate::yaml::{Document, Found};

/// The values of a delegate.
pub(in crate::check) struct Values {
    /// Its name as the chart has it; the place is that of the values where they do not say.
    pub(in crate::check) name: Said,
    /// Whether the name is written.
    pub(in crate::check) is_named: bool,
    pub(in crate::check) account: Option<String>,
    /// The manager URL, where there is one.
    pub(in crate::check) endpoint: Option<Said>,
    /// Where the Secret is named, or should be.
    pub(in crate::check) secret_at: Option<Spot>,
    /// The name of the Secret, where there is one.
    pub(in crate::check) secret: Option<Said>,
    /// The other URLs: of the chart and of the variables that are written here.
    pub(in crate::check) urls: Vec<(String, Said)>,
    /// What `TRUST_ALL_CERTIFICATES` is set to here.
    pub(in crate::check) trust_all: Option<Said>,
}

pub(super) fn read(document: &Document<'_>, of: Found, page: &mut Page<'_>) -> Values {
    let said =
        |found: Found, page: &mut Page<'_>| Some(page.said(document, found)).filter(|it| !it.text.trim().is_empty());
    let name = match values::name_of(document, of) {
        Some(name) => page.said(document, name),
        None => {
            let first = document.entries(of.node).next().map_or(of.node, |entry| entry.key);
            Said { text: values::DEFAULT_NAME.to_owned(), at: page.of(document, first) }
        }
    };
    let own = document.entries(of.node).filter_map(|entry| {
        let key = document.scalar(entry.key)?;
        Some((key, document.resolve(entry.value))).filter(|(key, _)| *key != ENDPOINT_KEY)
    });
    let variables = document.get(of, VARIABLES_KEY);
    let variables = variables.into_iter().flat_map(|list| document.items_of(list));
    let variables =
        variables.filter_map(|item| Some((document.text_at(item, &["name"])?, document.get(item, "value")?)));
    let (mut urls, mut trust_all) = (Vec::new(), None);
    for (name, found) in own.chain(variables) {
        if name == "TRUST_ALL_CERTIFICATES" {
            trust_all = said(found, page);
        } else if text_of(document, found).contains("://")
            && let Value::Text(said) = Value::read(document, Some(found), name, page)
        {
            urls.push((name.to_owned(), said));
        }
    }
    let secret_key = document.at(of, &[MTLS_KEY, values::SECRET_KEY]);
    let mtls_key = document.entry_of(of.node, MTLS_KEY).map(|entry| page.of(document, entry.key));
    Values {
        is_named: values::name_of(document, of).is_some(),
        name,
        account: document.text_at(of, &["accountId"]).filter(|account| !account.is_empty()).map(str::to_owned),
        endpoint: document.get(of, ENDPOINT_KEY).and_then(|found| said(found, page)),
        secret_at: secret_key.map(|found| page.of(document, found.node)).or(mtls_key),
        secret: values::secret_of(document, of).map(|(found, _)| page.said(document, found)),
        urls,
        trust_all,
    }
}
