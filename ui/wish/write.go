package wish

import (
	"imapop/account/draft"
	"imapop/retrieval"
)

// Of the compose screen. Every one of them asks for something that is not on it.
type (
	// Write opens the compose screen; Action names the message under the cursor, its
	// Verb is empty when there is none. About is that message in a few words.
	Write struct {
		Action retrieval.Action
		About  string
	}
	// Begin makes a draft of a kind, from the message that Action names.
	Begin struct {
		Kind   draft.Kind
		Action retrieval.Action
	}
	// Keep saves the draft on this device.
	Keep struct{ Draft draft.Draft }
	// StoreDraft saves it, also in the server's Drafts folder, and closes it.
	StoreDraft struct{ Draft draft.Draft }
	// Discard removes it, here and there.
	Discard struct{ Draft draft.Draft }
	// Edit opens it in the person's editor.
	Edit struct{ Draft draft.Draft }
	// Plan asks what sending it would do.
	Plan struct{ Draft draft.Draft }
	// Send sends it.
	Send struct{ Draft draft.Draft }
	// Resend sends a message that is in the outbox. Again says that it may go a second
	// time, Partial that it may go to some of its recipients.
	Resend struct {
		ID             string
		Again, Partial bool
	}
	// Unsent asks for the drafts and the outbox.
	Unsent struct{}
	// Drop takes a message out of the outbox for good.
	Drop struct{ ID string }
	// Paths asks which files begin so.
	Paths struct{ Text string }
)

func (Write) wish()      {}
func (Begin) wish()      {}
func (Keep) wish()       {}
func (StoreDraft) wish() {}
func (Discard) wish()    {}
func (Edit) wish()       {}
func (Plan) wish()       {}
func (Send) wish()       {}
func (Resend) wish()     {}
func (Unsent) wish()     {}
func (Drop) wish()       {}
func (Paths) wish()      {}
