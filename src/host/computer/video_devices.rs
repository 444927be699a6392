//! `IHostVideoInputDevice`: cameras of this computer, from `/sys/class/video4linux`.

use super::line;
use crate::host::document::ROOT;
use crate::host::state::{Address, State};
use crate::host::value::text;
use crate::model::RawValue;

/// What a camera is to the host.
const ROLE: &str = "hostVideoInputDevice";

impl State {
    pub(super) fn video_input_devices(&mut self) -> RawValue {
        let folder = self.computer.join("sys/class/video4linux");
        let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        let number = |name: String| name.strip_prefix("video").and_then(|number| number.parse::<u32>().ok());
        let mut numbers: Vec<_> = entries.filter_map(|entry| number(entry.file_name().into_string().ok()?)).collect();
        // A camera has several nodes; the first one gives pictures.
        numbers.retain(|number| matches!(line(folder.join(format!("video{number}/index"))).as_str(), "" | "0"));
        numbers.sort_unstable();
        let cameras = (1..).zip(numbers).map(|(position, number)| {
            let known = self.global.child(ROOT, ROLE, position);
            let id = known.unwrap_or_else(|| self.global.add("IHostVideoInputDevice", ROOT, ROLE, position));
            if let Some(camera) = self.global.get_mut(id) {
                camera.set("name", text(line(folder.join(format!("video{number}/name")))));
                camera.set("path", text(format!("/dev/video{number}")));
                camera.set("alias", text(format!(".{position}")));
            }
            Address::global(id).value("IHostVideoInputDevice")
        });
        RawValue::List(cameras.collect())
    }
}
