"""Callbacks for events: a thread for each registration."""

import atexit
import sys
import threading
import traceback

from virtualbox.library_base import Enum, VBoxError, pythonic_name

#: How long one wait for an event lasts, in milliseconds.
_WAIT = 1000

_callbacks = {}


def type_to_interface(event_type):
    """The interface of the events of a type."""
    from virtualbox import classes
    if not isinstance(event_type, Enum) or type(event_type).__name__ != "VBoxEventType":
        raise TypeError("an event type is a VBoxEventType, not %s" % type(event_type).__name__)
    label = str(event_type)
    bare = label[2:] + "Event" if label.startswith("On") else label
    found = classes.class_of("I" + bare) if bare.endswith("Event") and bare != "InputEvent" else None
    if found is None:
        raise KeyError(event_type)
    return found


def registration(event):
    """A method that registers a callback for one type of event at the event source of its object."""
    def register(self, callback):
        from virtualbox.library import VBoxEventType
        return register_callback(callback, self.event_source, VBoxEventType[event])

    register.__name__ = "register_" + event
    register.__doc__ = "Has `callback(event)` called for each `%s`; gives a number for `unregister_callback`." % event
    return register


def register_callback(callback, event_source, event_type):
    """Has `callback(event)` called for each event of a type; gives a number for `unregister_callback`.

    Events come on a thread of their own. What a callback raises is printed, and the events go on.
    """
    interface = type_to_interface(event_type)
    listener = event_source.create_listener()
    event_source.register_listener(listener, [event_type], False)
    stop = threading.Event()
    thread = threading.Thread(
        target=_listen, args=(callback, event_source, listener, interface, stop),
        name="virtualbox %s" % pythonic_name(str(event_type)))
    thread.daemon = True
    thread.start()
    _callbacks[thread.ident] = thread, stop
    return thread.ident


def unregister_callback(callback_id):
    """Ends a registration, and waits until its thread has ended. A number that is none is ignored."""
    known = _callbacks.pop(callback_id, None)
    if known is not None:
        thread, stop = known
        stop.set()
        # A callback that ends its own registration cannot wait for itself.
        if thread is not threading.current_thread():
            thread.join()


def _listen(callback, source, listener, interface, stop):
    try:
        while not stop.is_set():
            event = source.get_event(listener, _WAIT)
            # Nothing came in that time.
            if not event:
                continue
            try:
                callback(interface(event))
            except Exception:
                sys.stderr.write("a callback for events failed:\n" + traceback.format_exc())
            source.event_processed(listener, event)
    except VBoxError as error:
        if not stop.is_set():
            sys.stderr.write("the events end: %s\n" % error)
    finally:
        _callbacks.pop(threading.get_ident(), None)
        try:
            source.unregister_listener(listener)
        except VBoxError:
            pass


@atexit.register
def _remove_all_callbacks():
    for callback_id in list(_callbacks):
        unregister_callback(callback_id)
