package reader

import (
	"fmt"
	"strings"

	"imapop/retrieval"
	"imapop/retrieval/mime"
	"imapop/ui/style"
)

// Print gives a message as the screen shows it, header fields first, in lines of
// at most w cells, quotations whole. A command without a screen prints it.
func Print(st *style.Styles, msg *mime.Message, html bool, w int) string {
	m := New(st)
	m.message, m.html, m.whole = msg, html, true
	m.w, m.h = w, 1000 // no field is left out
	m.doc = msg.Document(html)
	var b strings.Builder
	for _, l := range m.fields() {
		b.WriteString(strings.TrimRight(strings.TrimPrefix(l, " "), " ") + "\n")
	}
	b.WriteString("\n")
	for _, l := range m.textLines(min(w, maxWidth)) {
		b.WriteString(strings.TrimRight(l, " ") + "\n")
	}
	for _, x := range m.doc.Attachments {
		fmt.Fprintf(&b, "attachment %s: %s, %s, %s\n", x.Number, x.Name(), x.Type, retrieval.Octets(x.Octets))
	}
	return b.String()
}
