"""The pages of the one-click endpoint: whether to opt out, that it is done, that there is nothing.

Promises: nothing of a request stands in a page; nothing is loaded, no script runs.  Sentences come from the catalogs,
in the reader's language.
"""

from collections.abc import Mapping
from html import escape
from pathlib import Path
from string import Template
from types import MappingProxyType
from typing import Literal

from domain.opt_out_words import Wish
from domain.settings import Settings
from notifier.catalog import catalogs
from notifier.look import Colors
from notifier.shelf import BUILT_IN

Kind = Literal["ask", "done", "none", "later"]

_SENTENCES: Mapping[tuple[Kind, Wish], str] = MappingProxyType(
    {
        ("ask", Wish.OUT): "page.out",
        ("ask", Wish.BACK): "page.back",
        ("done", Wish.OUT): "page.out.done",
        ("done", Wish.BACK): "page.back.done",
    }
)
_BUTTONS = {Wish.OUT: "page.out.button", Wish.BACK: "page.back.button"}
_PAGE = Template("""<!DOCTYPE html>
<html lang="$language">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>$helpdesk</title>
<style>
body { font: 1.1rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 12vh auto; padding: 0 1.2rem }
h1 { font-size: 1.1rem; border-top: 4px solid $color; padding-top: 1rem }
button { font: inherit; padding: .7rem 1.2rem; border: 0; border-radius: 6px; background: $color; color: #fff;
  cursor: pointer }
</style>
</head>
<body>
<h1>$helpdesk</h1>
<p>$text</p>
$button</body>
</html>
""")
_BUTTON = Template("""<form method="post" action="$action">
<input type="hidden" name="List-Unsubscribe" value="One-Click">
<button>$label</button>
</form>
""")


class Pages:
    """The pages of one configuration; `templates` is the house's own directory."""

    def __init__(self, settings: Settings, *, templates: Path | None = None) -> None:
        self._settings = settings
        self._catalogs = catalogs(BUILT_IN, templates)
        self._colors = Colors.of(settings.notifications.look.color)

    def page(
        self, kind: Kind, *, languages: tuple[str, ...], wish: Wish = Wish.OUT, button: tuple[Wish, str] | None = None
    ) -> str:
        """A page in the first of LANGUAGES that there is; BUTTON is what it does, and the token that does it."""
        chain = self._catalogs.known(*languages, self._settings.helpdesk.language)
        speech, house = self._catalogs.speech(*chain), escape(self._settings.helpdesk.name)
        text = escape(speech.sentence(_SENTENCES.get((kind, wish), f"page.{kind}"))).format(helpdesk=house)
        shown = ""
        if button is not None:
            label = escape(speech.sentence(_BUTTONS[button[0]]))
            shown = _BUTTON.substitute(action=escape(button[1], quote=True), label=label)
        return _PAGE.substitute(language=chain[0], helpdesk=house, text=text, button=shown, color=self._colors.readable)
