//! The text of the prompt.

use crate::model::Connection;
use crate::output::{Role, Style};
use crate::shell::Language;

/// `vbox> `; with the server's name for one that is not on this computer, because a mistake there is
/// somebody else's trouble (`vbox@build-7> `); with the language when it is not Rhai (`vbox:py> `).
pub(super) fn text(language: Language, connection: Option<&Connection>, chosen: Option<&str>) -> String {
    if let Some(chosen) = chosen {
        let description = connection.map(|connection| connection.transport().describe()).unwrap_or_default();
        let kind = connection.map_or("", |connection| connection.transport().name());
        let server = remote(&description).unwrap_or_else(|| "vbox".to_owned());
        let text =
            chosen.replace("{server}", &server).replace("{language}", language.name()).replace("{connection}", kind);
        return text.chars().filter(|letter| !letter.is_control()).collect();
    }
    let server = connection.and_then(|connection| remote(&connection.transport().describe()));
    let server = server.map(|server| format!("@{server}")).unwrap_or_default();
    let language = if language == Language::Python { ":py" } else { "" };
    format!("vbox{server}{language}> ")
}

/// The prompt in its look.
pub(super) fn styled(prompt: &str, style: Style) -> String {
    let words = prompt.trim_end();
    format!("{}{}", style.paint(Role::Prompt, words), &prompt[words.len()..])
}

/// The name of the server in a description such as `web service http://host:18083, VirtualBox 7.2`.
fn remote(description: &str) -> Option<String> {
    let authority = description.split_once("://")?.1.split(['/', ',', ' ']).next()?;
    let place = authority.rsplit('@').next()?;
    let host = match place.strip_prefix('[') {
        Some(address) => address.split(']').next()?,
        None => place.split(':').next()?,
    };
    let local = host == "localhost" || host == "::1" || host.starts_with("127.");
    // A name with a control sign in it would break the display.
    (!local && !host.is_empty() && !host.contains(char::is_control)).then(|| host.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_names_language_and_remote_server() {
        assert_eq!(text(Language::Rhai, None, None), "vbox> ");
        assert_eq!(text(Language::Python, None, None), "vbox:py> ");
        assert_eq!(remote("web service https://ops@build-7:18083, VirtualBox 7.2.22").as_deref(), Some("build-7"));
        assert_eq!(remote("web service http://[fe80::1]:18083/").as_deref(), Some("fe80::1"));
        assert_eq!(remote("web service http://127.0.0.1:18083, VirtualBox 7.2.22"), None);
        assert_eq!(remote("embedded host in /home/a"), None);
    }

    #[test]
    fn a_chosen_prompt_is_filled_in() {
        assert_eq!(text(Language::Rhai, None, Some("{server}:{language}$ ")), "vbox:rhai$ ");
        assert_eq!(text(Language::Rhai, None, Some("a\u{1b}[2Jb> ")), "a[2Jb> ");
    }

    #[test]
    fn paint_leaves_the_width() {
        let painted = styled("vbox> ", Style::new(true));
        assert_ne!(painted, "vbox> ");
        assert_eq!(crate::output::width(&painted), 6);
    }
}
