//! The variables of a container, as it gets them: `envFrom` first, then `env`, of two of one name the last (Kubernetes
//! API: `Container.env`, `Container.envFrom`). A docker-compose service has `environment` alone.

use std::collections::BTreeMap;

use super::facts::{self, Container, Object, Said, Service, Value};
use super::fleet::{Judge, shown};
use super::wiring::Path;
use crate::delegate::Delegate;
use crate::finding::Rule;

/// A variable that takes effect.
#[derive(Clone, Copy)]
pub(super) struct Variable<'f> {
    /// The file that it is written in.
    pub(super) file: u32,
    pub(super) name: &'f Said,
    pub(super) value: &'f Value,
}

/// All variables of a container, by name.
pub(super) struct Environment<'f>(BTreeMap<String, Variable<'f>>);

impl<'f> Environment<'f> {
    pub(super) fn get(&self, name: &str) -> Option<Variable<'f>> {
        self.0.get(name).copied()
    }

    /// The text of a variable. `None` where it is not set, is empty, or comes from elsewhere.
    pub(super) fn text(&self, name: &str) -> Option<(Variable<'f>, &'f Said)> {
        let variable = self.get(name)?;
        match variable.value {
            Value::Text(said) if !said.text.trim().is_empty() => Some((variable, said)),
            _ => None,
        }
    }

    /// Whether a variable has a value, known or not.
    pub(super) fn is_set(&self, name: &str) -> bool {
        self.text(name).is_some() || matches!(self.get(name), Some(Variable { value: Value::Elsewhere, .. }))
    }

    /// A variable that is a path.
    pub(super) fn path(&self, name: &'static str) -> Option<Path<'f>> {
        let (variable, said) = self.text(name)?;
        Some(Path { of: name, file: variable.file, said })
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, Variable<'f>)> {
        self.0.iter().map(|(name, variable)| (name.as_str(), *variable))
    }
}

impl<'f> Judge<'_, 'f> {
    /// What a delegate's container gets, and which of it is written twice.
    pub(super) fn environment(&mut self, delegate: &Delegate, container: &'f Container) -> Environment<'f> {
        let mut all = BTreeMap::new();
        for source in &delegate.config_maps {
            let Some(Object::ConfigMap(map)) = self.fleet.object(source.location) else { continue };
            for (name, value) in &map.entries {
                let variable = Variable { file: source.location.file, name, value };
                all.insert(format!("{}{}", source.prefix, name.text), variable);
            }
        }
        self.own_variables(delegate.workload.file, &container.env, &mut all);
        Environment(all)
    }

    /// What a docker-compose service gets, and which of it is written twice.
    pub(super) fn environment_of_service(&mut self, file: u32, service: &'f Service) -> Environment<'f> {
        let mut all = BTreeMap::new();
        self.own_variables(file, &service.environment, &mut all);
        Environment(all)
    }

    fn own_variables(&mut self, file: u32, variables: &'f [facts::Variable], all: &mut BTreeMap<String, Variable<'f>>) {
        let mut own: BTreeMap<&str, &Said> = BTreeMap::new();
        for variable in variables.iter().filter(|variable| !variable.name.text.is_empty()) {
            let name = &variable.name;
            if let Some(before) = own.insert(&name.text, name) {
                let line = before.at.place.line;
                self.say(Rule::DuplicateEnv, file, &name.at)
                    .message(format!("`{}` is set twice: this one wins over that of line {line}", shown(name)))
                    .help("keep the one that is meant".to_owned());
            }
            all.insert(name.text.clone(), Variable { file, name, value: &variable.value });
        }
    }
}
