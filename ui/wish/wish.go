// Package wish holds what a screen can ask of the app. A screen's Update is pure:
// it returns wishes, and the app, which alone holds the desk, turns them into
// commands.
package wish

import (
	"imapop/retrieval"
	"imapop/retrieval/query"
)

// Wish is one thing that a screen asks for.
type Wish interface{ wish() }

// Screen names a screen.
type Screen int

// The screens. The zero value is the main one.
const (
	Compare Screen = iota
	Reader
	Transcript
	Account
	Lesson
	Compose
	Choose
)

type (
	// Do runs an action; Leave quits the app when it went well.
	Do struct {
		Action retrieval.Action
		Leave  bool
	}
	// Cancel stops the running long action.
	Cancel struct{}
	// Search looks for messages on both sides; Gen comes back with what is found.
	Search struct {
		Query query.Query
		Gen   int
	}
	// Arrange asks the IMAP server for its list in an order; Gen comes back.
	Arrange struct {
		By  retrieval.Order
		Gen int
	}
	// Read fetches one message and opens the reader on it.
	Read struct{ Action retrieval.Action }
	// Switches asks for the demo server's policies.
	Switches struct{}
	// Flip sets one of them.
	Flip struct{ Name, Value string }
	// Save writes the transcript to a file.
	Save struct{ Path string }
	// Check looks at the account's servers.
	Check struct{}
	// StopCheck gives up looking.
	StopCheck struct{}
	// BeginLesson sets the stage for a lesson; Lesson is its index.
	BeginLesson struct{ Lesson int }
	// PlayLesson performs one statement of the lesson.
	PlayLesson struct{ Lesson, Step, Index int }
	// PauseLesson ends the lesson's sessions, so that the main screen can have the maildrop.
	PauseLesson struct{}
	// EndLesson takes away what the lesson made.
	EndLesson struct{}
	// Open shows another screen.
	Open struct{ Screen Screen }
	// Device shows the account's other device.
	Device struct{}
	// Setup leaves the terminal to the way that adds an account.
	Setup struct{}
	// Quit ends the app.
	Quit struct{}
)

func (Do) wish()        {}
func (Cancel) wish()    {}
func (Read) wish()      {}
func (Search) wish()    {}
func (Arrange) wish()   {}
func (Switches) wish()  {}
func (Flip) wish()      {}
func (Save) wish()      {}
func (Open) wish()      {}
func (Device) wish()    {}
func (Setup) wish()     {}
func (Quit) wish()      {}
func (Check) wish()     {}
func (StopCheck) wish() {}

func (BeginLesson) wish() {}
func (PlayLesson) wish()  {}
func (PauseLesson) wish() {}
func (EndLesson) wish()   {}
