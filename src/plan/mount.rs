//! The volume of a pod and its mount in a container, of the delegate and of its upgrader alike.

use super::change::Style;
use super::editor::Editor;
use super::value::{Scalar, Value};
use super::{Refusal, SecretSource};
use crate::delegate::parts::{CERTIFICATE_KEY, KEY_KEY, MOUNT_PATH, VOLUME, cleaned};
use crate::endpoint::is_under;
use crate::yaml::{Document, Found, ScalarStyle};

/// The volume `client-certificate` of a pod, and the name of its Secret.
pub(super) fn volume(
    document: &Document<'_>,
    pod: Found,
    editor: &Editor<'_, '_>,
) -> Result<Option<(Found, String)>, Refusal> {
    let volumes = document.get(pod, "volumes");
    let found = volumes
        .into_iter()
        .flat_map(|volumes| document.items_of(volumes))
        .find(|&volume| document.text_at(volume, &["name"]) == Some(VOLUME));
    let Some(volume) = found else { return Ok(None) };
    let Some(name) = document.text_at(volume, &["secret", "secretName"]) else {
        return Err(editor
            .refuse(volume.node, format!("a volume `{VOLUME}` is there already, and it is not a Secret"))
            .help("give that volume another name, or take it out"));
    };
    if let Some(items) = document.at(volume, &["secret", "items"]) {
        let has = |key: &str| {
            document.items_of(items).any(|item| {
                document.text_at(item, &["key"]) == Some(key) && document.text_at(item, &["path"]) == Some(key)
            })
        };
        if !has(CERTIFICATE_KEY) || !has(KEY_KEY) {
            return Err(editor
                .refuse(items.node, format!("the volume `{VOLUME}` does not put both files in under their own names"))
                .help("take `items` out, or name `client.crt` and `client.key` there as key and path"));
        }
    }
    Ok(Some((volume, name.to_owned())))
}

/// Adds the volume, or lets the one that is there name the existing Secret. Says whether anything changed.
pub(super) fn add_volume(
    editor: &mut Editor<'_, '_>,
    pod: Found,
    existing: Option<(Found, String)>,
    secret_name: &str,
    name_style: ScalarStyle,
    source: &SecretSource,
) -> Result<bool, Refusal> {
    let Some((volume, name)) = existing else {
        let volume = Value::mapping([
            ("name", Scalar::plain(VOLUME).into()),
            ("secret", Value::mapping([("secretName", Scalar::styled(secret_name, name_style, Style::Flow).into())])),
        ]);
        editor.append_items(pod, "volumes", "containers", vec![volume])?;
        return Ok(true);
    };
    if matches!(source, SecretSource::Existing { .. }) && name != secret_name {
        let found = editor.document.at(volume, &["secret", "secretName"]);
        if let Some(found) = found {
            editor.replace(found, &Scalar::plain(secret_name.to_owned()))?;
        }
        return Ok(true);
    }
    Ok(false)
}

/// The mounts of a container that concern us: ours by name or by path.
pub(super) fn add_mount(editor: &mut Editor<'_, '_>, container: Found) -> Result<bool, Refusal> {
    let document = editor.document;
    let mounts = document.get(container, "volumeMounts");
    for mount in mounts.into_iter().flat_map(|mounts| document.items_of(mounts)) {
        let name = document.text_at(mount, &["name"]);
        let path = &cleaned(document.text_at(mount, &["mountPath"]).unwrap_or_default());
        let sub_path = document.get(mount, "subPath").or_else(|| document.get(mount, "subPathExpr"));
        if name == Some(VOLUME) && path == MOUNT_PATH && sub_path.is_none() {
            return Ok(false);
        }
        let place = document.get(mount, "mountPath").unwrap_or(mount).node;
        if is_under(path, MOUNT_PATH) {
            return Err(editor
                .refuse(place, format!("`{path}` is taken by another mount"))
                .help("mount that volume somewhere else, then run again"));
        }
        if name == Some(VOLUME) {
            return Err(editor
                .refuse(place, format!("the volume `{VOLUME}` is mounted at `{path}` instead of `{MOUNT_PATH}`"))
                .help(format!("mount it at `{MOUNT_PATH}`, or take the mount out")));
        }
    }
    let mount = Value::mapping([
        ("name", Scalar::plain(VOLUME).into()),
        ("mountPath", Scalar::plain(MOUNT_PATH).into()),
        ("readOnly", Scalar::plain("true").into()),
    ]);
    editor.append_items(container, "volumeMounts", "env", vec![mount])?;
    Ok(true)
}

/// Takes our mount and volume out; how many of each.
pub(super) fn remove_mounts_and_volume(
    editor: &mut Editor<'_, '_>,
    pod: Found,
    container: Found,
) -> Result<(usize, usize), Refusal> {
    let document = editor.document;
    let named = |list: Option<Found>| -> Vec<_> {
        list.into_iter()
            .flat_map(|list| document.items(list.node))
            .filter(|&item| document.text_at(document.resolve(item), &["name"]) == Some(VOLUME))
            .collect()
    };
    for list in ["initContainers", "containers"] {
        for other in document.get(pod, list).into_iter().flat_map(|list| document.items_of(list)) {
            if other.node != container.node
                && let Some(&mount) = named(document.get(other, "volumeMounts")).first()
            {
                return Err(editor
                    .refuse(mount, format!("another container mounts the volume `{VOLUME}` too"))
                    .help("take this mount out, then run again"));
            }
        }
    }
    let mounts = named(document.get(container, "volumeMounts"));
    let volumes = named(document.get(pod, "volumes"));
    editor.remove_items(container, "volumeMounts", &mounts)?;
    editor.remove_items(pod, "volumes", &volumes)?;
    Ok((mounts.len(), volumes.len()))
}
