"""Nothing is lost, and nothing is half done, whatever fails. Touches the loopback interface; needs no Docker."""
