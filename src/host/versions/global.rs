//! Old layouts of `VirtualBox.xml`: the registry of media before version 1.4, and old names.

use super::super::xml::XmlNode;
use super::Version;

/// Kinds of images that had an element of their own each, with the attribute of their place and their format.
const IMAGES: &[(&str, &str, &str)] =
    &[("VirtualDiskImage", "filePath", "VDI"), ("VMDKImage", "filePath", "VMDK"), ("VHDImage", "filePath", "VHD")];

/// Brings the host-wide settings into the newest layout.
///
/// # Errors
/// A disk of an old registry has no place.
pub(super) fn raise(global: &mut XmlNode, version: Version) -> Result<(), String> {
    if let Some(properties) = global.child_mut("SystemProperties") {
        properties.rename_attribute("remoteDisplayAuthLibrary", "VRDEAuthLibrary");
    }
    if let Some(filters) = global.child_mut("USBDeviceFilters") {
        filters.children.iter_mut().for_each(super::raise::filter);
    }
    if version < (1, 4)
        && let Some(old) = global.take_child("DiskRegistry")
    {
        let mut registry = XmlNode::new("MediaRegistry");
        for list in old.children {
            registry.children.push(match list.name.as_str() {
                "HardDisks" => disks(list)?,
                _ => images(list),
            });
        }
        global.children.push(registry);
    }
    Ok(())
}

fn disks(list: XmlNode) -> Result<XmlNode, String> {
    let disks = list.children.into_iter().map(disk).collect::<Result<_, _>>()?;
    Ok(XmlNode { children: disks, ..XmlNode::new("HardDisks") })
}

/// A disk, with the differencing disks on it.
fn disk(old: XmlNode) -> Result<XmlNode, String> {
    let id = old.attribute("uuid").unwrap_or_default().to_owned();
    let mut node = XmlNode::new("HardDisk").with("uuid", &id);
    let image = IMAGES
        .iter()
        .find_map(|(name, place, format)| Some((old.child(name)?.attribute(place)?.to_owned(), (*format).to_owned())));
    let custom = || {
        let custom = old.child("CustomHardDisk")?;
        Some((custom.attribute("location")?.to_owned(), custom.attribute("format")?.to_owned()))
    };
    let (location, format) = image.or_else(custom).ok_or_else(|| format!("the disk {id} has no file"))?;
    node.set_attribute("location", location);
    node.set_attribute("format", format);
    if let Some(kind) = old.attribute("type") {
        let mut letters = kind.chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase());
        node.set_attribute("type", first.into_iter().chain(letters).collect::<String>());
    }
    let below = old.children.into_iter().filter(|child| child.name == "DiffHardDisk");
    node.children = below.map(disk).collect::<Result<_, _>>()?;
    Ok(node)
}

fn images(mut list: XmlNode) -> XmlNode {
    list.children.iter_mut().for_each(|image| image.rename_attribute("src", "location"));
    list
}

#[cfg(test)]
mod tests {
    use super::super::raise;
    use super::*;

    #[test]
    fn the_oldest_registry_of_media_is_understood() {
        let mut tree = XmlNode::parse(
            "<VirtualBox version='1.3-linux'><Global><DiskRegistry><HardDisks><HardDisk uuid='{1}' type='normal'>\
            <VirtualDiskImage filePath='/a.vdi'/><DiffHardDisk uuid='{2}'><VirtualDiskImage filePath='/b.vdi'/></DiffHardDisk>\
            </HardDisk></HardDisks><DVDImages><Image uuid='{3}' src='/c.iso'/></DVDImages></DiskRegistry>\
            <SystemProperties remoteDisplayAuthLibrary='x'/></Global></VirtualBox>",
        )
        .unwrap();
        raise(&mut tree).unwrap();
        assert_eq!(tree.value("Global/MediaRegistry/HardDisks/HardDisk@location"), Some("/a.vdi"));
        assert_eq!(tree.value("Global/MediaRegistry/HardDisks/HardDisk@type"), Some("Normal"));
        assert_eq!(tree.value("Global/MediaRegistry/HardDisks/HardDisk/HardDisk@location"), Some("/b.vdi"));
        assert_eq!(tree.value("Global/MediaRegistry/DVDImages/Image@location"), Some("/c.iso"));
        assert_eq!(tree.value("Global/SystemProperties@VRDEAuthLibrary"), Some("x"));
        let without = "<VirtualBox version='1.3-linux'><Global><DiskRegistry><HardDisks><HardDisk uuid='{1}'/></HardDisks></DiskRegistry></Global></VirtualBox>";
        assert!(raise(&mut XmlNode::parse(without).unwrap()).is_err());
    }
}
