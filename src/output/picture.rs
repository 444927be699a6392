//! Pictures in the terminal: kitty's and iTerm2's ways for those that know them, coloured half blocks elsewhere.

use super::Ui;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// How a terminal shows pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Kitty,
    Iterm,
    Blocks,
    Nothing,
}

/// What the environment tells of the terminal.
fn way(variable: impl Fn(&str) -> Option<String>, colors: bool) -> Way {
    let is = |name: &str, part: &str| variable(name).is_some_and(|value| value.contains(part));
    if variable("KITTY_WINDOW_ID").is_some()
        || is("TERM", "kitty")
        || is("TERM_PROGRAM", "ghostty")
        || is("TERM_PROGRAM", "WezTerm")
    {
        return Way::Kitty;
    }
    if is("TERM_PROGRAM", "iTerm") || is("LC_TERMINAL", "iTerm2") {
        return Way::Iterm;
    }
    if colors { Way::Blocks } else { Way::Nothing }
}

impl Ui {
    /// Shows a picture (PNG, of that size in pixels) on a terminal as well as it can. `scaled` gives it in another
    /// size, as bytes of red, green, blue and one more for each pixel.
    pub fn picture(&self, png: &[u8], size: (i64, i64), scaled: impl FnOnce(i64, i64) -> Option<Vec<u8>>) {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        match way(variable, self.style().is_on()) {
            Way::Kitty => self.escape(&kitty(png)),
            Way::Iterm => self.escape(&iterm(png)),
            Way::Blocks => {
                let columns = i64::try_from(self.width().min(100)).unwrap_or(80);
                let rows = (columns * size.1 / size.0.max(1)).clamp(2, 200) / 2 * 2;
                if let Some(pixels) = scaled(columns, rows) {
                    self.escape(&blocks(&pixels, usize::try_from(columns).unwrap_or(1)));
                }
            }
            Way::Nothing => {}
        }
    }
}

/// The picture in pieces of 4096 characters, as kitty wants them.
fn kitty(png: &[u8]) -> String {
    let encoded = STANDARD.encode(png);
    let mut pieces = encoded.as_bytes().chunks(4096).peekable();
    let mut out = String::new();
    let mut first = true;
    while let Some(piece) = pieces.next() {
        let more = u8::from(pieces.peek().is_some());
        let head = if first { format!("a=T,f=100,m={more}") } else { format!("m={more}") };
        out += &format!("\u{1b}_G{head};{}\u{1b}\\", String::from_utf8_lossy(piece));
        first = false;
    }
    out + "\n"
}

fn iterm(png: &[u8]) -> String {
    format!("\u{1b}]1337;File=inline=1;size={}:{}\u{7}\n", png.len(), STANDARD.encode(png))
}

/// Half blocks: the upper half is the foreground, the lower one the background of a sign.
fn blocks(pixels: &[u8], columns: usize) -> String {
    let rows: Vec<&[u8]> = pixels.chunks(columns * 4).collect();
    let mut out = String::new();
    for pair in rows.chunks(2) {
        let [upper, lower] = pair else { break };
        for (upper, lower) in upper.chunks(4).zip(lower.chunks(4)) {
            let ([r, g, b, _], [lr, lg, lb, _]) = (upper, lower) else { break };
            out += &format!("\u{1b}[38;2;{r};{g};{b};48;2;{lr};{lg};{lb}m\u{2580}");
        }
        out += "\u{1b}[0m\n";
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_tells_how_pictures_are_shown() {
        let with = |name: &'static str, value: &'static str| {
            way(move |asked: &str| (asked == name).then(|| value.to_owned()), true)
        };
        assert_eq!(with("TERM", "xterm-kitty"), Way::Kitty);
        assert_eq!(with("TERM_PROGRAM", "iTerm.app"), Way::Iterm);
        assert_eq!(with("TERM", "xterm"), Way::Blocks);
        assert_eq!(way(|_| None, false), Way::Nothing);
    }

    #[test]
    fn pieces_and_blocks_have_their_form() {
        let sent = kitty(&[0; 4000]);
        assert!(sent.starts_with("\u{1b}_Ga=T,f=100,m=1;") && sent.contains("\u{1b}_Gm=0;"));
        let shown = blocks(&[255, 0, 0, 255, 0, 0, 255, 255], 1);
        assert_eq!(shown, "\u{1b}[38;2;255;0;0;48;2;0;0;255m\u{2580}\u{1b}[0m\n");
    }
}
