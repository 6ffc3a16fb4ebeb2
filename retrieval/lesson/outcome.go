package lesson

import (
	"fmt"
	"time"

	"imapop/retrieval"
)

// Verdict is what came of one statement.
type Verdict string

// Verdicts.
const (
	Done       Verdict = "done"       // an act went through
	Held       Verdict = "held"       // what was expected was seen
	Failed     Verdict = "failed"     // it was not, or the act did not go through
	Impossible Verdict = "impossible" // this server or account has no such thing: counted, not passed over
	Unwaited   Verdict = "unwaited"   // the page waits longer than the one who runs it wanted to
	Passed     Verdict = "passed"     // an observe after the one that was seen
)

// Outcome is what came of one statement, with its evidence.
type Outcome struct {
	Statement Statement
	Verdict   Verdict
	Saw       string        // what was seen: one cleaned line
	Delay     time.Duration // from the last act to what was waited for
	Waited    bool          // Delay was measured
	Lines     []retrieval.Line
	IMAP      retrieval.Meter // what the statement cost on each side, all devices together
	POP3      retrieval.Meter
	Value     string   // Observe that was seen, Conclude: the value
	Meaning   *Meaning // Conclude
	Chosen    string   // Ask: the key that somebody answered with, before what decides it; "": nobody was asked
}

// DelayText is a delay as a person reads it: "less than 1 ms", "503 ms", "59.3 s".
func DelayText(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return "less than 1 ms"
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

// Bad reports whether the outcome makes the lesson fail.
func (o *Outcome) Bad() bool { return o.Verdict == Failed }

// StepResult is one step with all its outcomes.
type StepResult struct {
	Title    string
	Outcomes []Outcome
}

// Result is a lesson that was run on an account.
type Result struct {
	Number  int
	Title   string
	File    string
	Account string
	Demo    bool
	At      time.Time
	Took    time.Duration
	Steps   []StepResult
	Left    []string // what could not be cleaned up
	IMAP    []string // capabilities after login; empty: no session was opened
	POP3    []string
	Err     error // why the lesson could not be run at all
}

// Counts says how many expectations ended how, and how much was observed.
type Counts struct {
	Held, Failed, Impossible, Unwaited int
	Observed                           int
}

// Add is the sum.
func (c Counts) Add(o Counts) Counts {
	return Counts{c.Held + o.Held, c.Failed + o.Failed, c.Impossible + o.Impossible, c.Unwaited + o.Unwaited, c.Observed + o.Observed}
}

// Counts counts the lesson's outcomes.
func (r *Result) Counts() Counts {
	var c Counts
	for _, s := range r.Steps {
		for i := range s.Outcomes {
			c = c.Add(s.Outcomes[i].counts())
		}
	}
	if r.Err != nil {
		c.Failed++
	}
	return c
}

func (o *Outcome) counts() (c Counts) {
	switch {
	case o.Verdict == Failed:
		c.Failed = 1
	case o.Verdict == Impossible:
		c.Impossible = 1
	case o.Verdict == Unwaited && o.Statement.Kind != Observe:
		c.Unwaited = 1
	case o.Verdict == Held && o.Statement.Kind == Expect:
		c.Held = 1
	case o.Verdict == Held && o.Statement.Kind == Conclude:
		c.Observed = 1
	}
	return c
}

// Answer is the right choice of a question, decided by what came after it in its step.
type Answer struct {
	Key  string // "" when the evidence decides and there is none
	Sure bool   // the evidence bears it out
	Why  string // the evidence in one line
}

// Right decides a question by the outcomes that followed it.
func Right(ask *Statement, after []Outcome) Answer {
	a := Answer{Key: ask.Right, Sure: true}
	for i := range after {
		o := &after[i]
		switch o.Statement.Kind {
		case Ask:
			return a
		case Conclude:
			if o.Statement.Name == ask.RightBy && o.Meaning != nil {
				a.Key, a.Why = o.Value, o.Meaning.Text
			}
		case Expect:
			if o.Verdict != Held {
				a.Sure = false
			}
			if a.Why == "" || o.Verdict != Held {
				a.Why = o.Saw
			}
		}
	}
	if a.Key == "" {
		a.Sure = false
	}
	return a
}

// Scene is what a class sees of the stage: the lesson's messages, on each device
// and side. It is a copy.
type Scene struct {
	Mails   []Mail
	Devices []DeviceScene
}

// DeviceScene is one device.
type DeviceScene struct {
	Name, About string
	IMAP        retrieval.IMAPState
	IMAPRows    []IMAPRow
	IMAPMeter   retrieval.Meter
	IMAPTLS     string
	POP3        retrieval.POP3State
	POP3Rows    []POP3Row
	POP3Meter   retrieval.Meter
	POP3TLS     string
	Others      int      // messages in INBOX that are not the lesson's
	Copies      []string // letters in the local copy
	Days        int      // how far its clock was turned on
}

// IMAPRow is a message of the lesson as IMAP last told of it.
type IMAPRow struct {
	Letter string
	UID    uint32
	Flags  []string
	Folder string // without FolderPrefix; "": INBOX
}

// POP3Row is a message of the lesson in the list of the POP3 session.
type POP3Row struct {
	Letter   string
	Number   int
	Octets   int64
	UniqueID string // raw: clean before a terminal sees it
	Marked   bool
}
