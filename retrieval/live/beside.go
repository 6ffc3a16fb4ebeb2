package live

import (
	"slices"
	"strings"
	"time"

	"imapop/retrieval"
)

// Beside makes the desks of two devices of one account tell each other what they
// do, so that an effect on one device names the act on the other. Nothing else
// is shared: what a device sees is still what its own sessions were told. It is
// to be called once, and not with the same desk twice.
func Beside(a *Desk, aName string, b *Desk, bName string) {
	a.neighbour(b, aName)
	b.neighbour(a, bName)
}

// neighbour is another device's desk, and what this one is called there.
type neighbour struct {
	desk *Desk
	as   string
}

func (d *Desk) neighbour(other *Desk, as string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.beside = append(d.beside, neighbour{other, as})
}

// ofAnother is in the name of a cause on another device.
const ofAnother = " on device "

// tellBeside tells the other devices of an act on messages of a mailbox. There it
// explains an effect on each of its messages once.
func (d *Desk) tellBeside(c cause, box retrieval.Mailbox) {
	d.mu.Lock()
	beside := slices.Clone(d.beside)
	d.mu.Unlock()
	for _, n := range beside {
		there := c
		there.name, there.uids, there.seq, there.once = c.name+" on "+n.as, slices.Clone(c.uids), 0, true
		n.desk.look(func(b *book) {
			if b.imap.Mailbox.UIDValidity == box.UIDValidity && sameFolder(b.imap.Mailbox.Name, box.Name) {
				b.links.expect(&there)
			}
		})
	}
}

func sameFolder(a, b string) bool { return a == b || isInbox(a) && isInbox(b) }

// expect notes an act of POP3 or SMTP, which are about INBOX, here and beside.
func (b *book) expect(c *cause) {
	b.links.expect(c)
	if isInbox(b.imap.Mailbox.Name) {
		b.d.tellBeside(*c, b.imap.Mailbox)
	}
}

// imapBeside tells the other devices of an act over IMAP that they will hear of.
// Here its own answer tells of it.
func (d *Desk) imapBeside(a retrieval.Action, box retrieval.Mailbox) {
	kind, ok := map[retrieval.Verb]retrieval.Kind{retrieval.VerbMove: retrieval.Expunged, retrieval.VerbExpunge: retrieval.Expunged,
		retrieval.VerbKeyword: retrieval.FlagsChanged, retrieval.VerbUnkeyword: retrieval.FlagsChanged}[a.Verb]
	name := "UID " + strings.ToUpper(string(a.Verb))
	if _, flag := flagVerbs[a.Verb]; flag || kind == retrieval.FlagsChanged {
		kind, ok, name = retrieval.FlagsChanged, true, "UID STORE"
	}
	if ok && len(a.UIDs) > 0 {
		d.tellBeside(cause{at: time.Now(), name: name, kind: kind, uids: a.UIDs, any: true}, box)
	}
}
