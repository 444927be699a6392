//! The Python modules that come along: the sources of `vboxapi`, and of `virtualbox` with all its parts.

/// Name and source of each. A package has the name of its `__init__`.
pub(super) const SOURCES: &[(&str, &str)] = &[
    ("pyvbox", include_str!("../../../python/pyvbox.py")),
    ("vboxapi", include_str!("../../../python/vboxapi.py")),
    ("virtualbox", include_str!("../../../python/virtualbox/__init__.py")),
    ("virtualbox.classes", include_str!("../../../python/virtualbox/classes.py")),
    ("virtualbox.events", include_str!("../../../python/virtualbox/events.py")),
    ("virtualbox.library", include_str!("../../../python/virtualbox/library.py")),
    ("virtualbox.library_base", include_str!("../../../python/virtualbox/library_base.py")),
    ("virtualbox.library_ext", include_str!("../../../python/virtualbox/library_ext/__init__.py")),
    ("virtualbox.library_ext.appliance", include_str!("../../../python/virtualbox/library_ext/appliance.py")),
    ("virtualbox.library_ext.console", include_str!("../../../python/virtualbox/library_ext/console.py")),
    ("virtualbox.library_ext.event_source", include_str!("../../../python/virtualbox/library_ext/event_source.py")),
    ("virtualbox.library_ext.guest", include_str!("../../../python/virtualbox/library_ext/guest.py")),
    ("virtualbox.library_ext.guest_process", include_str!("../../../python/virtualbox/library_ext/guest_process.py")),
    ("virtualbox.library_ext.guest_session", include_str!("../../../python/virtualbox/library_ext/guest_session.py")),
    ("virtualbox.library_ext.host", include_str!("../../../python/virtualbox/library_ext/host.py")),
    ("virtualbox.library_ext.keyboard", include_str!("../../../python/virtualbox/library_ext/keyboard.py")),
    ("virtualbox.library_ext.machine", include_str!("../../../python/virtualbox/library_ext/machine.py")),
    ("virtualbox.library_ext.mouse", include_str!("../../../python/virtualbox/library_ext/mouse.py")),
    ("virtualbox.library_ext.process", include_str!("../../../python/virtualbox/library_ext/process.py")),
    ("virtualbox.library_ext.progress", include_str!("../../../python/virtualbox/library_ext/progress.py")),
    ("virtualbox.library_ext.scancodes", include_str!("../../../python/virtualbox/library_ext/scancodes.py")),
    ("virtualbox.library_ext.session", include_str!("../../../python/virtualbox/library_ext/session.py")),
    ("virtualbox.library_ext.vbox", include_str!("../../../python/virtualbox/library_ext/vbox.py")),
    (
        "virtualbox.library_ext.virtual_system_description",
        include_str!("../../../python/virtualbox/library_ext/virtual_system_description.py"),
    ),
    ("virtualbox.manager", include_str!("../../../python/virtualbox/manager.py")),
    ("virtualbox.pool", include_str!("../../../python/virtualbox/pool.py")),
    ("virtualbox.utils", include_str!("../../../python/virtualbox/utils.py")),
    ("virtualbox.values", include_str!("../../../python/virtualbox/values.py")),
    ("virtualbox.version", include_str!("../../../python/virtualbox/version.py")),
];

#[cfg(test)]
mod tests {
    use super::SOURCES;
    use std::path::Path;

    fn count(folder: &Path) -> usize {
        let entries = std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path());
        entries
            .map(|path| match path.is_dir() {
                true => count(&path),
                false => usize::from(path.extension().is_some_and(|ending| ending == "py")),
            })
            .sum()
    }

    #[test]
    fn no_module_is_left_out() {
        assert_eq!(count(&Path::new(env!("CARGO_MANIFEST_DIR")).join("python")), SOURCES.len());
        for (name, source) in SOURCES {
            assert!(source.starts_with("\"\"\""), "{name} says what it is for");
        }
    }
}
