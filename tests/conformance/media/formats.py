# The formats of media and what each can do.

import prelude as t

for format in vbox.systemProperties.mediumFormats:
    name = format.id
    t.say(f"{name} name", format.name)
    t.attempt(f"{name} capabilities", lambda: [str(flag) for flag in format.capabilities if str(flag) != "0"])
    t.attempt(f"{name} extensions", lambda: format.describeFileExtensions())
    t.attempt(f"{name} properties", lambda: format.describeProperties())
