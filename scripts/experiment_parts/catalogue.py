"""Every experiment, in the order of the facts' list."""

from . import blocking, datagrams, later, model, parser, state, throttling, triggers

ROOMS = throttling, triggers, parser, state, blocking, datagrams, later
EXPERIMENTS = sorted((one for room in ROOMS for one in room.EXPERIMENTS), key=lambda e: model.number_of(e.name))


def find(names):
    """Those of these names, all where none is given; KeyError with the first that is unknown."""
    known = {e.name.lower(): e for e in EXPERIMENTS}
    for name in names:
        if name.lower() not in known:
            raise KeyError(name)
    return [known[name.lower()] for name in names] if names else EXPERIMENTS
