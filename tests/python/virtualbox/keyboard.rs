//! Keys: the table, the order of codes, and decoding. pyvbox types some letters wrongly.

use super::{program, script};

#[test]
fn keys_send_the_codes_of_a_us_keyboard() {
    let Some(program) = program() else { return };
    let said = script(
        &program,
        r##"
from virtualbox.library import IKeyboard
table = IKeyboard.SCANCODES
print(len(table), all(chr(code) in table for code in range(0x20, 0x7f)), [k for k in "\b\t\n\r" if k not in table])
# Shift goes down before the letter and up behind it, for every letter and mark.
upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ~!@#$%^&*()_+{}|:\"<>?"
print(all(table[k][0][0] == 0x2a and table[k][1][-1] == 0xaa and table[k][1][0] == table[k][0][1] | 0x80 for k in upper))
shown = lambda key: " ".join("%02x" % code for code in table[key][0] + table[key][1])
for key in ["a", "B", "{", "}", "&", "#", "^", "RALT", "RCTRL", "E_DIV", "E_UP", "UP", "PAUSE", "F1", "F12", "LWIN", "PRTSC", "ENTER", "\n"]:
    print(repr(key), shown(key))
"##,
    );
    assert_eq!(
        said,
        "154 True []\nTrue\n'a' 1e 9e\n'B' 2a 30 b0 aa\n'{' 2a 1a 9a aa\n'}' 2a 1b 9b aa\n'&' 2a 08 88 aa\n'#' 2a 04 84 aa\n\
         '^' 2a 07 87 aa\n'RALT' e0 38 e0 b8\n'RCTRL' e0 1d e0 9d\n'E_DIV' e0 35 e0 b5\n'E_UP' e0 48 e0 c8\n'UP' 48 c8\n\
         'PAUSE' e1 1d 45 e1 9d c5\n'F1' 3b bb\n'F12' 58 d8\n'LWIN' e0 5b e0 db\n'PRTSC' e0 37 e0 b7\n'ENTER' 1c 9c\n'\\n' 1c 9c\n"
    );
}

const RECORDER: &str = r##"
from virtualbox.library import IKeyboard
class Raw:
    __interface__ = "IKeyboard"
    sent = []
    def putScancodes(self, codes):
        self.sent.append(" ".join("%02x" % code for code in codes))
        return len(codes)
keyboard = IKeyboard(Raw())
def taken():
    sent, Raw.sent[:] = list(Raw.sent), []
    return sent
"##;

#[test]
fn texts_are_typed_and_named_keys_stand_in_lists() {
    let Some(program) = program() else { return };
    let said = script(
        &program,
        &format!(
            "{RECORDER}{}",
            r##"
keyboard.put_keys("aB", press_delay=0)
print(taken())
keyboard.put_keys(["ENTER", "A", "F1"], press_delay=0)
print(taken())
keyboard.put_keys("EN", press_delay=0)
print(taken())
keyboard.put_keys(["DEL"], hold_keys=["CTRL", "ALT"], press_delay=0)
print(taken())
keyboard.put_keys(["E_LEFT", "A", "LSHIFT"], hold_keys=["RALT", "LSHIFT"], press_delay=0)
print(taken())
keyboard.put_keys(hold_keys=["CTRL"])
print(taken())
try:
    keyboard.put_keys(["a", "NOPE"], hold_keys=["CTRL"], press_delay=0)
except KeyError as error:
    print("KeyError", error, taken())
try:
    keyboard.put_keys("a", hold_keys=["NOPE"])
except KeyError as error:
    print("KeyError", error, taken())
"##
        ),
    );
    assert_eq!(
        said,
        "['1e 9e', '2a 30 b0 aa']\n['1c 9c', '2a 1e 9e aa', '3b bb']\n['2a 12 92 aa', '2a 31 b1 aa']\n\
         ['1d', '38', '53 d3', 'b8', '9d']\n['e0 38', '2a', 'e0 4b e0 cb', '1e 9e', 'aa', 'e0 b8']\n['1d', '9d']\n\
         KeyError 'NOPE' ['1d', '1e 9e', '9d']\nKeyError 'NOPE' []\n"
    );
}

/// What is typed comes out of the decoder again, letter for letter.
#[test]
fn codes_are_decoded_into_names() {
    let Some(program) = program() else { return };
    let said = script(
        &program,
        r##"
import string
from virtualbox.library_ext.scancodes import TABLE, Decoder, press
def decoded(keys, held=()):
    decoder, out = Decoder(), []
    for key in keys:
        out += list(decoder.keys(press(key, held)))
    return out
for letter in string.printable[:94]:
    pairs = [pair for pair in decoded([letter]) if "SHIFT" not in pair[1]]
    assert pairs[0] == (1, letter) and pairs[1][0] == 0, (letter, pairs)
for name in TABLE:
    if len(name) > 1 and name != "PAUSE":
        same = {"E_ENTER": "E_ENTER"}.get(name, name)
        assert decoded([name]) == [(1, same), (0, same)], name
print(decoded(["PAUSE"]), decoded(["A"]), decoded([" ", "\n"]))
decoder = Decoder()
print(list(decoder.keys([0x3a, 0xba, 0x1e, 0x9e])), list(decoder.keys([0x02])), list(decoder.keys([0xe0])), list(decoder.keys([0x48])))
try:
    list(Decoder().keys([0x7f]))
except ValueError as error:
    print(error)
"##,
    );
    assert_eq!(
        said,
        "[(1, 'PAUSE')] [(1, 'LSHIFT'), (1, 'A'), (0, 'A'), (0, 'LSHIFT')] [(1, 'SPACE'), (0, 'SPACE'), (1, 'ENTER'), (0, 'ENTER')]\n\
         [(1, 'CAPS'), (0, 'CAPS'), (1, 'A'), (0, 'A')] [(1, '1')] [] [(1, 'E_UP')]\nno key sends 7f\n"
    );
}
