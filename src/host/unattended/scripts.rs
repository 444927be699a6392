//! The files that answer an installer's questions: from templates of this project, or from one of the user's own with
//! VirtualBox's marks for what is put in.

use super::plan::{Family, Plan};

const PRESEED: &str = include_str!("templates/preseed.cfg");
const KICKSTART: &str = include_str!("templates/kickstart.cfg");
const POSTINSTALL: &str = include_str!("templates/postinstall.sh");

/// Kernel parameters that make an installer read its answers.
pub(super) fn kernel_parameters(family: Family, locale: &str, country: &str) -> String {
    match family {
        Family::Debian => format!(
            " auto=true preseed/file=/cdrom/preseed.cfg priority=critical quiet splash noprompt noshell \
             automatic-ubiquity debian-installer/locale={locale} keyboard-configuration/layoutcode=us \
             languagechooser/language-name=English localechooser/supported-locales={locale}.UTF-8 \
             countrychooser/shortlist={country} --"
        ),
        Family::RedHat => " ks=cdrom:/ks.cfg ".to_owned(),
    }
}

/// The answers.
///
/// # Errors
/// A mark of a user's template is unknown.
pub(super) fn answers(plan: &Plan, template: Option<&str>) -> Result<String, String> {
    match template {
        Some(template) => fill_marks(plan, template),
        None => Ok(fill(plan, if plan.family == Family::Debian { PRESEED } else { KICKSTART })),
    }
}

/// What runs at the end of the installation.
///
/// # Errors
/// As [`answers`].
pub(super) fn postinstall(plan: &Plan, template: Option<&str>) -> Result<String, String> {
    template.map_or_else(|| Ok(fill(plan, POSTINSTALL)), |template| fill_marks(plan, template))
}

/// Puts the values into a template of ours.
fn fill(plan: &Plan, template: &str) -> String {
    let ubuntu = plan.ubuntu;
    let minimal = plan.minimal;
    let flag = |value: bool| if value { "true" } else { "false" };
    let (host, domain) = plan.host_name.split_once('.').unwrap_or((&plan.host_name, ""));
    let values = [
        ("locale", plan.locale.as_str()),
        ("host", host),
        ("domain", domain),
        ("fqdn", &plan.host_name),
        ("mirror", if ubuntu { "archive.ubuntu.com" } else { "deb.debian.org" }),
        ("archive", if ubuntu { "/ubuntu" } else { "/debian" }),
        ("proxy", &plan.proxy),
        ("online", flag(!plan.offline)),
        ("utc", flag(plan.utc)),
        ("utc-flag", if plan.utc { " --utc" } else { "" }),
        ("zone", &plan.time_zone),
        ("root-password", &plan.admin_password),
        ("full-name", &plan.full_name),
        ("user", &plan.user),
        ("password", &plan.password),
        ("tasks", if minimal { "standard" } else { "standard, desktop" }),
        ("packages", if minimal { "@core" } else { "@^graphical-server-environment" }),
        ("command", &plan.command),
    ];
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        // What was put in is not looked at again: a password may have braces.
        match after
            .split_once('}')
            .and_then(|(name, after)| values.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value, after)))
        {
            Some((value, after)) => {
                out.push_str(value);
                rest = after;
            }
            None => {
                out.push('{');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

/// Puts the values into a template with VirtualBox's marks (`@@VBOX_INSERT_USER_LOGIN@@`).
fn fill_marks(plan: &Plan, template: &str) -> Result<String, String> {
    let host = plan.host_name.split('.').next().unwrap_or_default();
    let domain = plan.host_name.split_once('.').map_or("", |(_, domain)| domain);
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("@@VBOX_INSERT_") {
        let (mark, after) = after.split_once("@@").ok_or("a mark `@@VBOX_INSERT_` is not closed")?;
        let value = match mark {
            "USER_LOGIN" => &plan.user,
            "USER_PASSWORD" => &plan.password,
            "ROOT_PASSWORD" | "ADMIN_PASSWORD" => &plan.admin_password,
            "USER_FULL_NAME" => &plan.full_name,
            "HOSTNAME_FQDN" => &plan.host_name,
            "HOSTNAME_WITHOUT_DOMAIN" => host,
            "HOSTNAME_DOMAIN" => domain,
            "LOCALE" => &plan.locale,
            "COUNTRY" => &plan.country,
            "LANGUAGE" => &plan.language,
            "TIME_ZONE_UX" => &plan.time_zone,
            "PROXY" => &plan.proxy,
            "POST_INSTALL_COMMAND" => &plan.command,
            other => return Err(format!("the mark `@@VBOX_INSERT_{other}@@` of a template is not known here")),
        };
        out.push_str(before);
        out.push_str(value);
        rest = after;
    }
    if rest.contains("@@VBOX_COND") {
        return Err("conditions in a template (`@@VBOX_COND...`) are not known here".to_owned());
    }
    out.push_str(rest);
    Ok(out)
}

/// `isolinux.cfg` of a medium that starts its installer by itself, after less than a second.
pub(super) fn start_menu(plan: &Plan, text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let word = line.split_whitespace().next().unwrap_or_default();
        let indent = &line[..line.len() - line.trim_start().len()];
        match (plan.family, word) {
            (_, "timeout") => out.push_str("timeout 4"),
            (Family::Debian, "include") => out.push_str("include txt.cfg"),
            (Family::RedHat, "append") => {
                out.push_str(&format!("{indent}{}{}", line.trim(), plan.kernel_parameters));
            }
            _ => out.push_str(line),
        }
        out.push('\n');
    }
    out
}

/// `txt.cfg` of Debian and Ubuntu: the entry that installs.
pub(super) fn install_entry(plan: &Plan, text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let indent = &line[..line.len() - line.trim_start().len()];
        match line.split_whitespace().next() {
            Some("label") => out.push_str(&format!("{indent}label VBoxUnattendedInstall")),
            Some("append") => out.push_str(&format!("{indent}{}{}", line.trim(), plan.kernel_parameters)),
            Some("default") => continue,
            _ => out.push_str(line),
        }
        out.push('\n');
        // The first entry is the plain one.
        if line.trim_start().starts_with("append") {
            break;
        }
    }
    out.push_str("default VBoxUnattendedInstall\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(family: Family) -> Plan {
        Plan {
            family,
            user: "me".into(),
            password: "{user} secret".into(),
            admin_password: "root".into(),
            full_name: "Me".into(),
            host_name: "web.example.org".into(),
            locale: "de_DE".into(),
            kernel_parameters: " auto=true".into(),
            command: "echo done".into(),
            time_zone: "Etc/UTC".into(),
            ..Plan::default()
        }
    }

    #[test]
    fn templates_are_filled_and_what_is_put_in_is_left_alone() {
        for family in [Family::Debian, Family::RedHat] {
            let text = answers(&plan(family), None).unwrap();
            assert!(text.contains("{user} secret") && text.contains("de_DE") && text.contains("web"), "{text}");
            let left = text.replace("{user} secret", "");
            assert!(!left.contains('{') && !left.contains('}'), "{left}");
        }
        assert!(postinstall(&plan(Family::Debian), None).unwrap().contains("\necho done\n"));
    }

    #[test]
    fn marks_of_virtualbox_are_filled() {
        let of = |template: &str| answers(&plan(Family::Debian), Some(template));
        let said = of("user @@VBOX_INSERT_USER_LOGIN@@ on @@VBOX_INSERT_HOSTNAME_WITHOUT_DOMAIN@@.");
        assert_eq!(said.as_deref(), Ok("user me on web."));
        assert!(of("@@VBOX_INSERT_NONSENSE@@").unwrap_err().contains("NONSENSE"));
        assert!(of("@@VBOX_INSERT_USER").is_err() && of("@@VBOX_COND_HAS_PROXY@@x@@VBOX_COND_END@@").is_err());
    }

    #[test]
    fn media_start_their_installer_by_themselves() {
        let menu = "path\ninclude menu.cfg\ndefault vesamenu.c32\nprompt 0\ntimeout 0\n";
        assert_eq!(
            start_menu(&plan(Family::Debian), menu),
            "path\ninclude txt.cfg\ndefault vesamenu.c32\nprompt 0\ntimeout 4\n"
        );
        let entry = "label install\n\tkernel /k\n\tappend vga=788 --- quiet\nlabel rescue\n";
        let made = "label VBoxUnattendedInstall\n\tkernel /k\n\tappend vga=788 --- quiet auto=true\ndefault VBoxUnattendedInstall\n";
        assert_eq!(install_entry(&plan(Family::Debian), entry), made);
        let menu = "timeout 600\nlabel linux\n  append initrd=initrd.img quiet\n";
        assert_eq!(
            start_menu(&plan(Family::RedHat), menu),
            "timeout 4\nlabel linux\n  append initrd=initrd.img quiet auto=true\n"
        );
    }
}
