//! Objects by their names, as another object finds them: in its own file, then in the folder, then in the rest of a
//! run.

use std::collections::HashMap;

/// A file of a run, and the folder that it is in, both by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct File {
    /// Which file.
    pub number: u32,
    /// Which folder.
    pub folder: u32,
}

impl File {
    /// Where an object that it names is looked for, one after the other.
    pub(super) fn scopes(self) -> [Scope; 3] {
        [Scope::File(self.number), Scope::Folder(self.folder), Scope::Run]
    }
}

/// How near objects are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Scope {
    File(u32),
    Folder(u32),
    Run,
}

/// Objects by nearness, name and namespace. A namespace that is not written matches any.
#[derive(Debug)]
pub(super) struct Named<T>(HashMap<Scope, HashMap<String, Namespaces<T>>>);

type Namespaces<T> = HashMap<Option<String>, Vec<T>>;

impl<T> Default for Named<T> {
    fn default() -> Self {
        Named(HashMap::new())
    }
}

impl<T: Clone> Named<T> {
    pub(super) fn add(&mut self, file: File, name: &str, namespace: Option<&str>, value: &T) {
        for scope in file.scopes() {
            let namespaces = self.0.entry(scope).or_default().entry(name.to_owned()).or_default();
            namespaces.entry(namespace.map(str::to_owned)).or_default().push(value.clone());
        }
    }

    /// The nearest.
    pub(super) fn find(&self, file: File, name: &str, namespace: Option<&str>) -> &[T] {
        let found = file.scopes().map(|scope| self.find_in(scope, name, namespace));
        found.into_iter().find(|found| !found.is_empty()).unwrap_or_default()
    }

    pub(super) fn find_in(&self, scope: Scope, name: &str, namespace: Option<&str>) -> &[T] {
        match (self.find_strictly(scope, name, namespace), self.named(scope, name)) {
            ([], Some(namespaces)) if namespace.is_none() && namespaces.len() == 1 => {
                namespaces.values().next().map_or(&[], Vec::as_slice)
            }
            (found, _) => found,
        }
    }

    /// Those in the namespace, else those without one.
    pub(super) fn find_strictly(&self, scope: Scope, name: &str, namespace: Option<&str>) -> &[T] {
        let Some(namespaces) = self.named(scope, name) else { return &[] };
        let exact = namespaces.get(&namespace.map(str::to_owned));
        exact.or_else(|| namespaces.get(&None)).map_or(&[], Vec::as_slice)
    }

    fn named(&self, scope: Scope, name: &str) -> Option<&Namespaces<T>> {
        self.0.get(&scope)?.get(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_that_is_not_written_matches_any() {
        let file = File { number: 0, folder: 0 };
        let mut named = Named::default();
        named.add(file, "a", Some("x"), &1);
        assert_eq!(named.find(file, "a", None), [1]);
        assert_eq!(named.find(file, "a", Some("y")), [0; 0]);
        named.add(file, "a", None, &2);
        assert_eq!(named.find(file, "a", Some("y")), [2]);
        assert_eq!(named.find(file, "a", None), [2]);
    }
}
