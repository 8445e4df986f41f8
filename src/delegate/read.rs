//! The one pass over a stream: what is a delegate, what belongs to it, and what must not be shown.

use rayon::prelude::*;

use super::index::Index;
use super::link::link;
use super::named::File;
use super::records::Records;
use super::resources::resources;
use super::stream::{Stream, StreamError, duplicate_key};
use super::values::Values;
use super::{Mask, template};
use crate::yaml::{self, Chunk};

/// Reads a stream once and finds the delegates in it, on all cores where it is large.
///
/// # Errors
/// When a document is not YAML, or a delegate's document names a key twice.
pub fn read(stream: &Stream<'_>) -> Result<Index, StreamError> {
    let mut read = Read::default();
    if stream.text.len() < PARALLEL {
        read.documents(stream, 0, &stream.chunks)?;
    } else {
        let size = stream.chunks.len().div_ceil(PARTS);
        let part = |(number, chunks): (usize, &[Chunk])| {
            let mut read = Read::default();
            read.documents(stream, number * size, chunks).map(|()| read)
        };
        let parts: Vec<Result<Read, StreamError>> = stream.chunks.par_chunks(size).enumerate().map(part).collect();
        for part in parts {
            read.append(part?);
        }
    }
    let Read { records, mut masks, first, filled, template } = read;
    Mask::put_in_order(&mut masks);
    // Helm reads one document, and an empty one behind it says nothing
    let values = match first {
        Some(number) if filled <= 1 => Values::of(stream.document(number)?, number),
        _ => Vec::new(),
    };
    let only = File { number: 0, folder: 0 };
    Ok(Index { values, template, masks, ..link(vec![(only, records)]) })
}

/// A text shorter than this is read sooner than other threads are started.
pub(crate) const PARALLEL: usize = 256 * 1024;

/// Into how many parts the documents of a large text are cut: many more than cores, since some take longer.
const PARTS: usize = 256;

/// What some documents of a stream, one behind the other, tell.
#[derive(Default)]
struct Read {
    records: Records,
    masks: Vec<Mask>,
    /// The first that is not of comments alone; it may be null.
    first: Option<usize>,
    /// How many are not null.
    filled: usize,
    template: Option<usize>,
}

impl Read {
    fn documents<'t>(&mut self, stream: &Stream<'t>, from: usize, chunks: &[Chunk]) -> Result<(), StreamError> {
        for (number, chunk) in (from..).zip(chunks) {
            let document = yaml::parse(stream.text, chunk)?;
            let Some(root) = document.root() else { continue };
            if let Some(key) = document.duplicate()
                && memchr::memmem::find(yaml::slice(stream.text, &chunk.span).as_bytes(), b"MANAGER_HOST_AND_PORT")
                    .is_some()
            {
                return Err(duplicate_key(&document, key));
            }
            let (parts, maps) = (self.records.parts(), self.records.environments.len());
            for (resource, kind) in resources(&document, document.resolve(root)) {
                self.records.take(&document, number, resource, &kind);
            }
            Mask::add(&document, &mut self.masks);
            self.first.get_or_insert(number);
            self.filled += usize::from(!document.is_null(root));
            self.template = self.template.or_else(|| template::of_delegate(&document));
            let mut new_maps = self.records.environments.iter().skip(maps);
            if self.records.parts() > parts || new_maps.any(|map| map.what.any()) || stream.chunks.len() == 1 {
                stream.keep(number, document);
            }
        }
        Ok(())
    }

    /// Takes in what the documents behind these tell.
    fn append(&mut self, behind: Read) {
        self.records.append(behind.records);
        self.masks.extend(behind.masks);
        self.first = self.first.or(behind.first);
        self.filled += behind.filled;
        self.template = self.template.or(behind.template);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_of_an_upgrader_have_each_job_once() {
        let config = "kind: ConfigMap\nmetadata: {name: c}\ndata: {config.yaml: 'workloadName: a'}\n";
        let job = "kind: CronJob\nmetadata: {name: j}\nspec: {jobTemplate: {spec: {template: {spec: {containers: [{name: u}], volumes: [{name: v, configMap: {name: c}}]}}}}}\n";
        let delegate = "kind: Deployment\nmetadata: {name: a}\nspec: {template: {spec: {containers: [{name: d, env: [{name: MANAGER_HOST_AND_PORT}, {name: ACCOUNT_ID}]}]}}}\n";
        let text = [delegate, config, job, config, job].join("---\n");
        let index = read(&Stream::new(&text).unwrap()).unwrap();
        let delegate = index.delegates.first().unwrap();
        assert_eq!((delegate.upgraders.len(), delegate.upgrader_jobs.len()), (2, 2));
    }
}
