"""Shows a page in WebKitGTK until it is ended. Usage: webkit.py URL"""
import sys

import gi
gi.require_version('Gtk', '3.0')
gi.require_version('WebKit2', '4.1')
from gi.repository import Gtk, WebKit2  # noqa: E402

window = Gtk.Window()
view = WebKit2.WebView.new_with_context(WebKit2.WebContext.new_ephemeral())
window.add(view)
view.load_uri(sys.argv[1])
window.show_all()
Gtk.main()
