// Package choose weighs, openly, whether a mailbox is better retrieved over IMAP
// or over POP3. It is plain data and rules: every answer gives points to one
// side, with the reason, and the sum is shown.
package choose

import "imapop/retrieval"

// Answer is a person's answer to a question. The zero value is none.
type Answer int

// Answers.
const (
	Unknown Answer = iota
	Yes
	No
)

// String gives "yes", "no" or "not answered".
func (a Answer) String() string {
	switch a {
	case Yes:
		return "yes"
	case No:
		return "no"
	}
	return "not answered"
}

// Question is one thing that matters.
type Question struct {
	Name string // of its flag: "shared"
	Text string
	yes  effect
	no   effect
}

// effect is what an answer counts for.
type effect struct {
	side   retrieval.Protocol // "": neither
	points int
	text   string
	source string
}

var questions = []Question{
	{"devices", "Do several devices read this mail?",
		effect{retrieval.IMAP, 3, "read, answered and deleted are facts on the server: every device shows the same", "RFC 9051 section 2.3.2"},
		effect{retrieval.POP3, 1, "with one device there is nothing to keep in step", ""}},
	{"shared", "Do several people work on this mailbox together?",
		effect{retrieval.IMAP, 4, "only IMAP has one state, folders and many sessions at once; POP3 knows no flags, and is meant for one session", "RFC 9051 section 5.5; RFC 1939 section 4"},
		effect{}},
	{"folders", "Must folders, or what is read and answered, be kept on the server?",
		effect{retrieval.IMAP, 3, "POP3 has no folders and no flags", "RFC 1939 section 3"},
		effect{retrieval.POP3, 1, "a plain list will do, and POP3 is one", ""}},
	{"offline", "Is the mail read on one machine, often without a network?",
		effect{retrieval.POP3, 2, "whatever POP3 has fetched is on that machine's disk; with IMAP it depends on what the program keeps", "RFC 1939 section 1"},
		effect{}},
	{"storage", "Must the mail leave the server once it was fetched?",
		effect{retrieval.POP3, 2, "fetch, delete, QUIT is what POP3 is made for. Then the copy on that disk is the only one: back it up", "RFC 1939 section 6"},
		effect{retrieval.IMAP, 1, "the server keeps the mail, and the server's backup with it", ""}},
	{"legacy", "Is the reader a simple or old device that only polls?",
		effect{retrieval.POP3, 3, "POP3 asks little of a client: four commands fetch and delete", "RFC 1939 section 1"},
		effect{}},
	{"automation", "Is it a program that sends mail, or a test of one?",
		effect{"", 0, "sending is SMTP submission; a test should catch the mail in a mailbox of its own and wait for it, not poll a person's", "RFC 6409"},
		effect{}},
}

// Questions lists what is asked, in order.
func Questions() []Question { return append([]Question(nil), questions...) }

// Abilities are what the servers of an account can do. The zero value: not known.
type Abilities struct {
	Known      bool
	IMAP       []string // capabilities after login
	POP3       []string // CAPA's lines after login
	Submission bool     // the account has a submission endpoint
}

// Verdict is the recommendation.
type Verdict string

// Verdicts.
const (
	UseIMAP   Verdict = "IMAP"
	UsePOP3   Verdict = "POP3"
	UseBoth   Verdict = "IMAP for the people, POP3 for the device, each with a mailbox of its own"
	UseEither Verdict = "either; IMAP, if in doubt"
	UseSMTP   Verdict = "neither: it sends, and that is SMTP"
	Undecided Verdict = "not decided: answer a question"
)

// Advice is what comes of the answers.
type Advice struct {
	Verdict Verdict  `json:"recommendation"`
	IMAP    int      `json:"imap_points"`
	POP3    int      `json:"pop3_points"`
	Reasons []Reason `json:"reasons"`
	Server  []Fact   `json:"server,omitempty"` // what the account's servers can do for the recommendation
	SMTP    []string `json:"smtp"`             // what belongs to SMTP instead
	Turns   []string `json:"would_turn"`       // other answers that would turn the recommendation
}

// Reason is one answer, weighed.
type Reason struct {
	Question string             `json:"question"`
	Answer   string             `json:"answer"`
	For      retrieval.Protocol `json:"for,omitempty"`
	Points   int                `json:"points"`
	Text     string             `json:"text"`
	Source   string             `json:"source,omitempty"`
}

// Fact is one thing that a server can do, or cannot.
type Fact struct {
	Side retrieval.Protocol `json:"side"`
	Can  bool               `json:"can"`
	Text string             `json:"text"`
}

// Weigh gives the advice for answers, by the questions' names.
func Weigh(answers map[string]Answer, can Abilities) Advice {
	a := Advice{Reasons: []Reason{}, Turns: []string{}}
	a.Verdict, a.IMAP, a.POP3 = decide(answers)
	for _, q := range questions {
		ans := answers[q.Name]
		e := q.effect(ans)
		if e.text == "" {
			continue
		}
		a.Reasons = append(a.Reasons, Reason{q.Text, ans.String(), e.side, e.points, e.text, e.source})
	}
	a.Turns = turns(answers, a.Verdict)
	a.SMTP = smtp(answers)
	if can.Known {
		a.Server = facts(a.Verdict, can)
	}
	return a
}

func (q Question) effect(a Answer) effect {
	switch a {
	case Yes:
		return q.yes
	case No:
		return q.no
	}
	return effect{}
}

// decide adds up. A shared mailbox cannot be had over POP3 at all, whatever the
// points; a device that only polls beside people who need IMAP gets its own.
func decide(answers map[string]Answer) (v Verdict, imap, pop int) {
	answered := false
	for _, q := range questions {
		e := q.effect(answers[q.Name])
		answered = answered || answers[q.Name] != Unknown
		switch e.side {
		case retrieval.IMAP:
			imap += e.points
		case retrieval.POP3:
			pop += e.points
		}
	}
	people := answers["shared"] == Yes || answers["devices"] == Yes || answers["folders"] == Yes
	switch {
	case !answered:
		return Undecided, imap, pop
	case answers["automation"] == Yes && !people && answers["legacy"] != Yes && answers["offline"] != Yes && answers["storage"] != Yes:
		return UseSMTP, imap, pop
	case people && answers["legacy"] == Yes:
		return UseBoth, imap, pop
	case answers["shared"] == Yes || imap > pop:
		return UseIMAP, imap, pop
	case pop > imap:
		return UsePOP3, imap, pop
	}
	return UseEither, imap, pop
}

// turns names the answers which, given otherwise, would turn the recommendation.
func turns(answers map[string]Answer, now Verdict) []string {
	out := []string{}
	for _, q := range questions {
		for _, other := range []Answer{Yes, No} {
			if answers[q.Name] == other {
				continue
			}
			changed := map[string]Answer{q.Name: other}
			for name, a := range answers {
				if name != q.Name {
					changed[name] = a
				}
			}
			if v, _, _ := decide(changed); v != now && now != Undecided {
				out = append(out, q.Text+" "+other.String()+" → "+string(v))
			}
		}
	}
	return out
}
