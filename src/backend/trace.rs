//! A transport that writes down the calls it passes on.
