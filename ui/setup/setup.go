// Package setup is the way from an address to an account in the configuration:
// what is asked, in which order, and what is shown in between. It asks through
// forms (huh) where the terminal can draw them and line by line where it cannot;
// searching, knocking, logging in and writing are the Backend's.
package setup

import (
	"context"
	"errors"

	"imapop/account"
	"imapop/retrieval"
)

// ErrGivenUp says that the person left: nothing was written.
var ErrGivenUp = errors.New("given up; nothing was written")

// ErrIncomplete says that something is missing which nobody can be asked for.
var ErrIncomplete = errors.New("cannot go on without being told more")

// GivenError says that something which was given beforehand cannot be used.
type GivenError struct{ Err error }

// Error is the cause's text.
func (e *GivenError) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e *GivenError) Unwrap() error { return e.Err }

// ErrLogin says that the account could not log in, so that nothing was written.
var ErrLogin = errors.New("the account could not log in; nothing was written")

// Sides are what an account has, in the order in which they are shown.
func Sides() []retrieval.Protocol {
	return []retrieval.Protocol{retrieval.IMAP, retrieval.POP3, retrieval.SMTP}
}

// label is what a side is called on screen and in the file.
func label(p retrieval.Protocol) string {
	if p == retrieval.SMTP {
		return "submission"
	}
	return string(p)
}

// Candidate is an endpoint that may be the right one. Its texts are clean.
type Candidate struct {
	Endpoint account.Endpoint
	User     string          // what the server calls the person; "": not said
	From     string          // who says so
	Ask      string          // why the person must agree first; "": they need not
	OAuth    bool            // who says so names OAuth 2.0 too
	Door     *retrieval.Door // what it showed; nil: nobody has knocked
}

// Found is what a search brought. Its texts are clean.
type Found struct {
	Address  string // with the domain in ASCII
	Name     string // the display name that was given with it
	Domain   string // as people write it
	Provider string
	Help     []string       // the provider's pages
	OAuth    *account.OAuth // the provider's endpoints, without a client; nil: not known
	By       map[retrieval.Protocol][]Candidate
	Denied   map[retrieval.Protocol]bool // the domain says that it has no such service
	Asked    int                         // how many questions the search asked
	Troubles []string                    // questions that could not be answered, one line each
}

// Trial is one login that was tried.
type Trial struct {
	Side     retrieval.Protocol
	Endpoint account.Endpoint
	Saw      string // what was seen inside: "12 messages"; clean
	Err      error  // nil: it worked
	Refused  bool   // the server refused the credentials: tries are counted there
}

// Saved is what was written.
type Saved struct {
	Path string // the file
	Main bool   // the account is the one that opens without being named
}

// Backend does what a form cannot. Every method blocks until it is done or ctx
// ends; none shows anything.
type Backend interface {
	// Search looks for the servers of an address; told hears of each place that answered.
	Search(ctx context.Context, address string, told func(string)) (Found, error)
	// Knock looks at one endpoint without logging in.
	Knock(ctx context.Context, p retrieval.Protocol, ep account.Endpoint) retrieval.Door
	// Trust takes the certificates of a PEM file for those that may sign the servers'; it returns the file's whole path.
	Trust(path string) (string, error)
	// Secret gets what a source gives; it is not called for what is typed.
	Secret(ctx context.Context, a account.Account) (account.Password, error)
	// Keyring says why the system's keyring cannot be used; nil: it can.
	Keyring(ctx context.Context) error
	// Login logs in on one side and out again, and changes nothing there.
	Login(ctx context.Context, p retrieval.Protocol, a account.Account, pw account.Password) Trial
	// Advise says what stands in the way when some of the logins failed, and what to do; one line each.
	Advise(trials []Trial, f Found) []string
	// Names are the accounts that the file has. fixed: it also names the one that opens by
	// itself, and goes on to do so. An error says what is wrong with the file.
	Names() (names []string, fixed bool, err error)
	// CheckName says what is wrong with an account's name; nil: nothing.
	CheckName(name string) error
	// Save writes the account, and the secret where the account keeps one.
	Save(ctx context.Context, a account.Account, pw account.Password, f Found, main bool) (Saved, error)
}

// Asker asks the person. Every method blocks; when the person leaves or ctx
// ends, the error is ErrGivenUp.
type Asker interface {
	// Ask asks for a text; check says what is wrong with one.
	Ask(ctx context.Context, q Question) (string, error)
	// Choose asks for one of several and returns its index.
	Choose(ctx context.Context, c Choice) (int, error)
	// Secret asks for a text that is not shown.
	Secret(ctx context.Context, title string) (account.Password, error)
	// Work shows that something is done, and what it tells, until it is over.
	Work(ctx context.Context, title string, work func(ctx context.Context, told func(string)) error) error
	// Say shows lines that stay.
	Say(lines ...string)
}

// Question asks for a text.
type Question struct {
	Title   string
	Why     string // one line below the title; may be ""
	Default string // given back for an empty answer
	Check   func(string) error
	Short   string // what the answer is called once it was given: "Address"
	Hidden  bool   // the answer is not repeated
}

// Choice asks for one of several.
type Choice struct {
	Title   string
	Options []string
	First   int    // where the cursor is at first
	Short   string // what the answer is called once it was given; "": it is not repeated
}
