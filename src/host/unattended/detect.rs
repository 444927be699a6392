//! What is on an installation medium. Which files say so, and what VirtualBox 7.2.22 makes of them, was seen on images
//! of every release.

use super::iso9660::Image;

/// A system on a medium.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Detected {
    /// Id of a guest OS type.
    pub(super) os_type: String,
    pub(super) version: String,
    pub(super) flavor: String,
    /// Apart by blanks.
    pub(super) languages: String,
    pub(super) supported: bool,
    /// An installation asks for a product key.
    pub(super) wants_key: bool,
}

/// Branches of Windows: how they begin, type without its 64-bit mark, version.
const BRANCHES: [(&str, &str, &str); 16] = [
    ("vista", "WindowsVista", ""),
    ("win7", "Windows7", ""),
    ("winblue", "Windows81", ""),
    ("win8", "Windows8", ""),
    ("th1", "Windows10", "1507"),
    ("th2", "Windows10", "1511"),
    ("rs1", "Windows10", "1607"),
    ("rs2", "Windows10", "1703"),
    ("rs3", "Windows10", "1709"),
    ("rs4", "Windows10", "1803"),
    ("rs5", "Windows10", "1809"),
    ("19h1", "Windows10", "1903"),
    ("19h2", "Windows10", "1909"),
    ("20h1", "Windows10", "2004"),
    ("vb", "Windows10", "2004"),
    ("co", "Windows11_64", "21H2"),
];

/// What an image has; `None` for nothing that is known.
pub(super) fn detect(image: &mut Image) -> Option<Detected> {
    windows(image).or_else(|| red_hat(image)).or_else(|| debian(image))
}

/// The value of `name = value` in a section of an INI file.
fn value<'a>(text: &'a str, section: &str, name: &str) -> Option<&'a str> {
    let mut inside = false;
    for line in text.lines().map(str::trim) {
        if let Some(head) = line.strip_prefix('[') {
            inside = head.trim_end_matches(']').eq_ignore_ascii_case(section);
        } else if inside
            && let Some((key, value)) = line.split_once('=')
            && key.trim().eq_ignore_ascii_case(name)
        {
            return Some(value.trim());
        }
    }
    None
}

fn windows(image: &mut Image) -> Option<Detected> {
    let text = image.text("sources/idwbinfo.txt")?;
    let wide = value(&text, "BUILDINFO", "BuildArch").is_some_and(|arch| arch.eq_ignore_ascii_case("amd64"));
    let branch = value(&text, "BUILDINFO", "BuildBranch").unwrap_or_default().to_ascii_lowercase();
    let known = BRANCHES.iter().find(|(start, ..)| branch.starts_with(start));
    let (base, version) = known.map_or(("WindowsNT", ""), |(_, base, version)| (*base, *version));
    let languages = image.text("sources/lang.ini").unwrap_or_default();
    let section = languages.split("[Available UI Languages]").nth(1).unwrap_or_default();
    let section = section.split('[').next().unwrap_or_default();
    let languages: Vec<_> =
        section.lines().filter_map(|line| line.split_once('=')).map(|(name, _)| name.trim()).collect();
    Some(Detected {
        os_type: if wide && !base.ends_with("_64") { format!("{base}_64") } else { base.to_owned() },
        version: version.to_owned(),
        languages: if languages.is_empty() { "en-US".to_owned() } else { languages.join(" ") },
        supported: known.is_some(),
        wants_key: matches!(base, "WindowsVista" | "WindowsNT"),
        ..Detected::default()
    })
}

fn red_hat(image: &mut Image) -> Option<Detected> {
    if let Some(text) = image.text(".treeinfo") {
        let of = |name: &str| value(&text, "general", name);
        let wide = matches!(of("arch")?, "x86_64" | "amd64");
        return family(of("family")?, of("version").unwrap_or_default(), wide, "");
    }
    // A time, what it is, and for which processors.
    let text = image.text(".discinfo")?;
    let mut lines = text.lines().skip(1).map(str::trim);
    let (name, wide) = (lines.next()?, matches!(lines.next()?, "x86_64" | "amd64"));
    let at = name.find(|letter: char| letter.is_ascii_digit()).unwrap_or(name.len());
    let (flavor, version) = name.split_at(at);
    family(flavor.trim(), version, wide, flavor.trim())
}

fn family(name: &str, version: &str, wide: bool, flavor: &str) -> Option<Detected> {
    let major: u32 = number(version);
    let (base, supported) = match name {
        _ if name.starts_with("Oracle") => ("Oracle", major >= 6),
        _ if name.starts_with("Fedora") => ("Fedora", false),
        _ => ("RedHat", true),
    };
    let os_type = match (base, major, wide) {
        ("Oracle", 8.., true) => format!("Oracle{}_64", major.min(10)),
        (_, _, true) => format!("{base}_64"),
        (_, _, false) => base.to_owned(),
    };
    Some(Detected {
        os_type,
        version: version.to_owned(),
        flavor: flavor.to_owned(),
        languages: "en-US".to_owned(),
        supported,
        wants_key: false,
    })
}

/// The number that a text begins with.
fn number(text: &str) -> u32 {
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    text[..end].parse().unwrap_or_default()
}

fn debian(image: &mut Image) -> Option<Detected> {
    if let Some(text) = image.text("README.diskdefines") {
        let define = |name: &str| {
            let mut lines = text.lines().filter_map(|line| line.trim().strip_prefix("#define"));
            lines.find_map(|line| line.trim().strip_prefix(name).map(str::trim).map(str::to_owned))
        };
        if let Some(found) =
            define("DISKNAME").and_then(|name| release(&name, define("ARCH").as_deref() == Some("amd64")))
        {
            return Some(found);
        }
    }
    let text = image.text(".disk/info")?;
    let line = text.lines().next()?.trim();
    let (name, rest) = line.split_once(" - ").unwrap_or((line, ""));
    let has = |arch: &str| rest.split_whitespace().any(|word| word == arch);
    if has("arm64") {
        return None;
    }
    release(name, has("amd64"))
}

/// `Ubuntu 22.04 LTS "Jammy Jellyfish"`: which type it is.
fn release(name: &str, wide: bool) -> Option<Detected> {
    let at = name.find(|letter: char| letter.is_ascii_digit()).unwrap_or(name.len());
    let (flavor, version) = name.split_at(at);
    let lower = flavor.to_ascii_lowercase();
    let major = number(version);
    let (base, first, last, supported) = if lower.starts_with("debian") {
        // A release without a number is the next one.
        ("Debian", 9, if wide { 13 } else { 0 }, major >= 9 || version.is_empty())
    } else if lower.contains("ubuntu") || lower.starts_with("linux mint") {
        ("Ubuntu", 16, if wide { 25 } else { 17 }, major >= 11)
    } else {
        return None;
    };
    let numbered = if major >= first && last > 0 { major.min(last).to_string() } else { String::new() };
    let (flavor, version) = if version.is_empty() { (name, name) } else { (flavor, version) };
    Some(Detected {
        os_type: format!("{base}{numbered}{}", if wide { "_64" } else { "" }),
        version: version.to_owned(),
        flavor: flavor.to_owned(),
        languages: "en-US".to_owned(),
        supported,
        wants_key: false,
    })
}

#[cfg(test)]
mod tests {
    use super::super::iso9660::tests::image;
    use super::*;

    fn found(files: &[(&str, &str)]) -> Option<Detected> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.iso");
        std::fs::write(&path, image(files, true)).unwrap();
        detect(&mut Image::open(&path).unwrap().unwrap())
    }

    #[test]
    fn systems_are_recognised_as_virtualbox_does() {
        let cases: [(&str, &str, &str, &str, bool); 22] = [
            (
                ".disk/info",
                "Debian GNU/Linux 12.4.0 \"Bookworm\" - Official amd64 NETINST",
                "Debian12_64",
                "12.4.0 \"Bookworm\"",
                true,
            ),
            (".disk/info", "Debian GNU/Linux 8.0 \"X\" - Official amd64 DVD", "Debian_64", "8.0 \"X\"", false),
            (".disk/info", "Debian GNU/Linux 14.0 \"X\" - Official amd64 DVD", "Debian13_64", "14.0 \"X\"", true),
            (".disk/info", "Debian GNU/Linux 9.13.0 \"X\" - Official i386 DVD", "Debian", "9.13.0 \"X\"", true),
            (
                ".disk/info",
                "Debian GNU/Linux testing \"X\" - Official Snapshot amd64",
                "Debian_64",
                "Debian GNU/Linux testing \"X\"",
                true,
            ),
            (".disk/info", "Ubuntu 10.10 \"X\" - Release amd64 (1)", "Ubuntu_64", "10.10 \"X\"", false),
            (".disk/info", "Ubuntu 16.04 LTS \"X\" - Release amd64 (1)", "Ubuntu16_64", "16.04 LTS \"X\"", true),
            (".disk/info", "Ubuntu-Server 26.04 LTS \"X\" - Release amd64 (1)", "Ubuntu25_64", "26.04 LTS \"X\"", true),
            (".disk/info", "Lubuntu 18.04 LTS \"X\" - Release i386 (1)", "Ubuntu17", "18.04 LTS \"X\"", true),
            (
                ".disk/info",
                "Linux Mint 21.2 \"Victoria\" - Release amd64 20230711",
                "Ubuntu21_64",
                "21.2 \"Victoria\"",
                true,
            ),
            (".disk/info", "Debian 12 amd64", "Debian", "12 amd64", true),
            (
                "README.diskdefines",
                "#define DISKNAME  Ubuntu 22.04.3 LTS \"J\" - Release amd64\n#define ARCH  amd64\n",
                "Ubuntu22_64",
                "22.04.3 LTS \"J\" - Release amd64",
                true,
            ),
            (
                ".treeinfo",
                "[general]\nfamily = Oracle Linux\nversion = 8.8.0\narch = x86_64\n",
                "Oracle8_64",
                "8.8.0",
                true,
            ),
            (
                ".treeinfo",
                "[general]\nfamily = Oracle Linux Server\nversion = 5.11\narch = i386\n",
                "Oracle",
                "5.11",
                false,
            ),
            (".treeinfo", "[general]\nfamily = Fedora\nversion = 39\narch = x86_64\n", "Fedora_64", "39", false),
            (".treeinfo", "[general]\nfamily = CentOS\nversion = 7\narch = x86_64\n", "RedHat_64", "7", true),
            (".discinfo", "1.0\nOracle Linux 8.4.0\nx86_64\n", "Oracle8_64", "8.4.0", true),
            (".discinfo", "1.0\n8.4\nx86_64\n", "RedHat_64", "8.4", true),
            (
                "sources/idwbinfo.txt",
                "[BUILDINFO]\r\nBuildArch=amd64\r\nBuildBranch=vb_release\r\n",
                "Windows10_64",
                "2004",
                true,
            ),
            (
                "sources/idwbinfo.txt",
                "[BUILDINFO]\r\nBuildArch=x86\r\nBuildBranch=win7sp1_rtm\r\n",
                "Windows7",
                "",
                true,
            ),
            (
                "sources/idwbinfo.txt",
                "[BUILDINFO]\r\nBuildArch=amd64\r\nBuildBranch=co_release\r\n",
                "Windows11_64",
                "21H2",
                true,
            ),
            (
                "sources/idwbinfo.txt",
                "[BUILDINFO]\r\nBuildArch=amd64\r\nBuildBranch=other\r\n",
                "WindowsNT_64",
                "",
                false,
            ),
        ];
        for (file, text, os_type, version, supported) in cases {
            let found = found(&[(file, text)]).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(
                (found.os_type.as_str(), found.version.as_str(), found.supported),
                (os_type, version, supported),
                "{text}"
            );
            assert!(crate::host::os_types::Recommended::of(&found.os_type).is_known(), "{os_type}");
        }
    }

    #[test]
    fn languages_of_windows_are_listed_and_strangers_are_none() {
        let branch = ("sources/idwbinfo.txt", "[BUILDINFO]\r\nBuildArch=amd64\r\nBuildBranch=rs5_release\r\n");
        let languages = (
            "sources/lang.ini",
            "[Available UI Languages]\r\nde-DE = 3\r\nen-US = 2\r\n[Fallback Languages]\r\nde-DE = en-US\r\n",
        );
        assert_eq!(found(&[branch, languages]).unwrap().languages, "de-DE en-US");
        for (file, text) in [
            ("README", "x"),
            (".disk/info", "Something 1.2"),
            (".disk/info", ""),
            (".disk/info", "Debian GNU/Linux 12.0 \"X\" - Official arm64 DVD"),
        ] {
            assert_eq!(found(&[(file, text)]), None, "{text}");
        }
    }
}
