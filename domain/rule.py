"""Rules as they are written in config.yaml: for which mails, and what is done with them; frozen.

The place of every error is a path of the YAML file.
"""

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field, field_validator, model_validator

from domain.action import Action
from domain.condition import Conditions
from domain.rule_test import RuleTest
from domain.written import Frozen, Written, text

MAX_DEPTH = 16


def _name(value: object) -> object:
    if isinstance(value, str) and not (value.strip() and value.isprintable()):
        raise ValueError("a rule needs a name of printable characters: explanations and histories use it")
    return text(value)


def _action_list(value: object) -> object:
    if isinstance(value, list | tuple) and value:
        return value
    raise ValueError("a list of actions is expected here, such as [ignore], or one behind each hyphen")


class RuleSpec(Frozen):
    """One rule: for which mails it is, and what it does with them."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["when"]}, {"required": ["match"]}]})

    name: Annotated[str, Field(max_length=100), BeforeValidator(_name)]
    """What the rule is called in explanations and in the history; no two rules share a name."""
    for_: Written[Literal["new", "reply"]] = Field(default=None, alias="for")
    """`new`: only mails for which no ticket was found; `reply`: only those for which one was.  Both where left out."""
    when: Written[Conditions] = None
    """The conditions, all of which must hold."""
    match: Written[Literal["always"]] = None
    """`always`, instead of `when`: the rule is for every mail."""
    then: Annotated[tuple[Action, ...], Field(json_schema_extra={"minItems": 1}), BeforeValidator(_action_list)]
    """What is done, in order."""
    tests: Annotated[tuple[RuleTest, ...], Field(exclude=True)] = ()
    """Mails and what shall become of them: `helpdesk rules test` tries them, and so does `helpdesk check`."""

    @field_validator("when")
    @classmethod
    def _readable(cls, when: Conditions | None) -> Conditions | None:
        if when is not None and when.depth > MAX_DEPTH:
            raise ValueError(f"conditions are nested {when.depth} deep; {MAX_DEPTH} is the limit")
        return when

    @model_validator(mode="after")
    def _when_or_always(self) -> Self:
        if self.when is None and self.match is None:
            raise ValueError(f"rule {self.name!r} does not say for which mails it is: write when: or match: always")
        if self.when is not None and self.match is not None:
            raise ValueError(f"rule {self.name!r} has both when: and match: always: take one out")
        return self
