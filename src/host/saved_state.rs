//! A machine with a saved state: taking one over, giving it up, and what its file shows of the screen.

use super::arguments::Arguments;
use super::console::black;
use super::document::ROOT;
use super::fault::code;
use super::running::MARK;
use super::state::{Address, State, View, nothing};
use super::table::When;
use super::value::{enumerated, text};
use super::{Fault, Outcome};
use crate::model::RawValue;

/// Screens that a machine can have.
const MOST_SCREENS: i64 = 64;
/// Width of the small picture in a saved state.
const THUMBNAIL: u32 = 64;

type Reply = Outcome<Option<Vec<RawValue>>>;

impl State {
    /// `adoptSavedState`: the file is not looked at, as by VirtualBox. A relative path is below the snapshot folder.
    pub(super) fn adopt_saved_state(&mut self, view: View, file: &str) -> Reply {
        self.check_mutable(view, When::Off)?;
        if file.is_empty() {
            return Err(Fault::new(code::FILE_ERROR, "no file of a saved state was given"));
        }
        let path = self.folder_of(view)?.join(file);
        let path = self.below(view, &path)?;
        self.keep_state_file(view, &path)?;
        self.set_machine_state(view, "Saved")?;
        nothing()
    }

    pub(super) fn discard_saved_state(&mut self, view: View, remove: bool) -> Reply {
        self.check_mutable(view, When::OffOrSaved)?;
        let machine = self.machine(view)?;
        if !matches!(machine.state, "Saved" | "AbortedSaved") {
            let message = format!("the machine has no saved state: its state is {}", machine.state);
            return Err(Fault::new(code::INVALID_VM_STATE, message));
        }
        let state = if machine.state == "Saved" { "PoweredOff" } else { "Aborted" };
        let file = self.folder_of(view)?.join(self.element(Address::machine(view))?.text("stateFilePath"));
        self.keep_state_file(view, "")?;
        if remove {
            self.delete_state_file(view, &file);
        }
        self.set_machine_state(view, state)?;
        nothing()
    }

    /// # Errors
    /// What stands as the saved state of a machine is none that this host made: it cannot go on from there.
    pub(super) fn check_saved_state(&self, view: View) -> Outcome {
        use std::io::Read as _;
        let file = self.folder_of(view)?.join(self.element(Address::machine(view))?.text("stateFilePath"));
        let mut start = vec![0; MARK.len()];
        let read = std::fs::File::open(&file).and_then(|mut file| file.read_exact(&mut start));
        if read.is_ok() && start == MARK.as_bytes() {
            return Ok(());
        }
        let cause =
            read.err().map_or_else(|| "another program made it, or it is damaged".to_owned(), |e| e.to_string());
        let message = format!(
            "cannot restore the machine from `{}`: {cause}; `discardSavedState` starts it anew",
            file.display()
        );
        Err(Fault::new(code::E_FAIL, message))
    }

    /// Saves which file holds the state, and nothing else that a session changed.
    fn keep_state_file(&mut self, view: View, path: &str) -> Outcome {
        let original = self.machine_of(view);
        let old = self.element(Address::machine(original))?.text("stateFilePath").to_owned();
        for view in [original, view] {
            self.document_mut(view)?.get_mut(ROOT).into_iter().for_each(|root| root.set("stateFilePath", text(path)));
        }
        let machine = self.machine_mut(original)?;
        machine.last_state_change = super::state::now();
        let modified = machine.current_state_modified;
        // Without the saved state it is another one than the snapshot has.
        machine.current_state_modified = if path.is_empty() { machine.current_snapshot.is_some() } else { modified };
        self.save_quietly(original).inspect_err(|_| {
            for view in [original, view] {
                if let Some(root) = self.document_mut(view).ok().and_then(|document| document.get_mut(ROOT)) {
                    root.set("stateFilePath", text(&old));
                }
            }
            if let Ok(machine) = self.machine_mut(original) {
                machine.current_state_modified = modified;
            }
        })
    }

    /// What a saved state shows: members that read its file.
    pub(super) fn read_saved_screen(&self, view: View, name: &str, arguments: Arguments<'_>) -> Reply {
        if name.starts_with("read") && !matches!(arguments.name(1), "BGR0" | "BGRA" | "RGBA" | "PNG") {
            return Err(Fault::new(code::E_NOTIMPL, format!("screens are not given as {}", arguments.name(1))));
        }
        let file = self.element(Address::machine(view))?.text("stateFilePath");
        // While the machine runs there is none, whatever its settings say.
        if file.is_empty() || self.running(view).is_some() {
            let message = "the machine has no saved state, so there is no picture of its screen";
            return Err(Fault::new(code::IPRT_ERROR, message));
        }
        let file = self.folder_of(view)?.join(file);
        let mut start = vec![0; MARK.len()];
        let read = std::fs::File::open(&file).and_then(|mut file| std::io::Read::read_exact(&mut file, &mut start));
        if read.is_err() || start != MARK.as_bytes() {
            return Err(Fault::not_implemented(format!("IMachine.{name}")));
        }
        self.own_saved_screen(view, name, arguments).map(Some)
    }

    /// The black screen in a saved state of this host.
    fn own_saved_screen(&self, view: View, name: &str, arguments: Arguments<'_>) -> Outcome<Vec<RawValue>> {
        let (width, height) = self.engine.screen_size(&self.machine(view)?.id);
        let numbers = |numbers: [u32; 2]| numbers.map(|number| RawValue::Int(number.into()));
        let comment = format!("{} machine: no guest ran in it", self.engine.name());
        let screen = arguments.int(0);
        Ok(match name {
            "querySavedGuestScreenInfo" if screen >= MOST_SCREENS => {
                return Err(Fault::new(code::IPRT_ERROR, format!("no machine has a screen {screen}")));
            }
            "querySavedGuestScreenInfo" => {
                let size = if screen == 0 { [width, height] } else { [0, 0] };
                let origin = [RawValue::Int(0), RawValue::Int(0)];
                origin.into_iter().chain(numbers(size)).chain([RawValue::Bool(true)]).collect()
            }
            "querySavedScreenshotInfo" => {
                let formats = RawValue::List(vec![enumerated("BitmapFormat", "PNG")]);
                [formats].into_iter().chain(numbers([width, height])).collect()
            }
            "readSavedScreenshotToArray" if arguments.name(1) != "PNG" => {
                return Err(Fault::not_in_virtualbox("a picture of a saved state that is no PNG").by(""));
            }
            _ => {
                let [width, height] = match name {
                    "readSavedThumbnailToArray" => [THUMBNAIL, height * THUMBNAIL / width.max(1)],
                    _ => [width, height],
                };
                let made = black(width, height, arguments.name(1), &comment);
                let made = made.ok_or_else(|| Fault::new(code::E_FAIL, "the picture could not be made"))?;
                [RawValue::Blob(made)].into_iter().chain(numbers([width, height])).collect()
            }
        })
    }
}
