package compare

import (
	"time"

	"imapop/retrieval"
)

// ReportSchema names the JSON format of Report. Fields are only ever added to
// it; docs/compare-json.md describes them.
const ReportSchema = "imapop.compare/1"

// Report is everything that both sides know of an account, for a machine. It
// holds no secret. Strings are as the servers gave them, but for octets that are
// not UTF-8.
type Report struct {
	Schema      string          `json:"schema"`
	Account     string          `json:"account"`
	At          time.Time       `json:"at"`
	IMAP        ReportIMAP      `json:"imap"`
	POP3        ReportPOP3      `json:"pop3"`
	Pairing     ReportPairing   `json:"pairing"`
	Messages    []ReportMessage `json:"messages"`
	Differences []Difference    `json:"differences"`
}

// ReportIMAP is IMAP's side.
type ReportIMAP struct {
	State        string         `json:"state"`
	Revision     string         `json:"revision,omitempty"`
	Security     string         `json:"security"`
	Login        string         `json:"login,omitempty"`
	Capabilities []string       `json:"capabilities"`
	Folder       string         `json:"folder,omitempty"`
	UIDValidity  uint32         `json:"uidvalidity,omitempty"`
	UIDNext      uint32         `json:"uidnext,omitempty"`
	Messages     uint32         `json:"messages"`
	ReadOnly     bool           `json:"read_only,omitempty"`
	Folders      []ReportFolder `json:"folders"`
	Cost         ReportCost     `json:"cost"`
	Problem      string         `json:"problem,omitempty"`
}

// ReportFolder is one IMAP mailbox. Counts are missing where the server gave none.
type ReportFolder struct {
	Name       string  `json:"name"`
	Role       string  `json:"role,omitempty"`
	Selectable bool    `json:"selectable"`
	Messages   *uint32 `json:"messages,omitempty"`
	Unseen     *uint32 `json:"unseen,omitempty"`
}

// ReportPOP3 is POP3's side.
type ReportPOP3 struct {
	State        string     `json:"state"`
	Security     string     `json:"security"`
	Login        string     `json:"login,omitempty"`
	Capabilities []string   `json:"capabilities"`
	Messages     int        `json:"messages"`
	Octets       int64      `json:"octets"`
	UniqueIDs    bool       `json:"unique_ids"`
	Snapshot     *time.Time `json:"snapshot,omitempty"`
	Marked       int        `json:"marked"`
	Leave        string     `json:"leave_on_server"`
	Cost         ReportCost `json:"cost"`
	Problem      string     `json:"problem,omitempty"`
}

// ReportCost is what a side's connections cost.
type ReportCost struct {
	OctetsIn    int64 `json:"octets_in"`
	OctetsOut   int64 `json:"octets_out"`
	Turnarounds int   `json:"turnarounds"`
	Connections int   `json:"connections"`
}

// ReportPairing says how the messages were paired.
type ReportPairing struct {
	Method    string `json:"method"`
	Format    string `json:"format,omitempty"`
	Proof     int    `json:"proof"`
	Paired    int    `json:"paired"`
	OnlyIMAP  int    `json:"only_imap"`
	OnlyPOP3  int    `json:"only_pop3"`
	SameOrder bool   `json:"same_order"`
	Why       string `json:"why"`
}

// ReportMessage is one message, on both sides or on one.
type ReportMessage struct {
	IMAP      *ReportUID   `json:"imap"`
	POP3      *ReportEntry `json:"pop3"`
	Certainty string       `json:"certainty,omitempty"`
	Hole      string       `json:"hole,omitempty"`
	Subject   string       `json:"subject,omitempty"`
	From      string       `json:"from,omitempty"`
	Date      *time.Time   `json:"date,omitempty"`
	MessageID string       `json:"message_id,omitempty"`
}

// ReportUID is IMAP's half of a message; Flags and Octets are null when it was not looked at.
type ReportUID struct {
	UID    uint32   `json:"uid"`
	Flags  []string `json:"flags"`
	Octets *int64   `json:"octets"`
}

// ReportEntry is POP3's half of a message.
type ReportEntry struct {
	Number   int    `json:"number"`
	Octets   int64  `json:"octets"`
	UniqueID string `json:"unique_id,omitempty"`
	Marked   bool   `json:"marked,omitempty"`
	Gone     bool   `json:"gone,omitempty"`
	Here     bool   `json:"here"`
}

// BuildReport makes the report of a view. It shares nothing with the view that
// a later view may change.
func BuildReport(v *retrieval.View) Report {
	r := Report{
		Schema: ReportSchema, Account: v.Account, At: v.At,
		IMAP: reportIMAP(v), POP3: reportPOP3(v),
		Pairing: ReportPairing{
			Method: v.Pairing.Method, Format: v.Pairing.Format, Proof: v.Pairing.Proof, Paired: v.Pairing.Paired,
			OnlyIMAP: v.Pairing.OnlyIMAP, OnlyPOP3: v.Pairing.OnlyPOP3, SameOrder: v.Pairing.Order, Why: v.Pairing.Why,
		},
		Messages:    make([]ReportMessage, len(v.Rows)),
		Differences: Differences(v),
	}
	for i := range v.Rows {
		r.Messages[i] = reportMessage(&v.Rows[i])
	}
	return r
}

func reportIMAP(v *retrieval.View) ReportIMAP {
	m := v.IMAP.Mailbox
	r := ReportIMAP{
		State: string(v.IMAP.State), Revision: v.IMAP.Revision, Security: v.IMAP.Security.String(), Login: v.IMAP.Security.Mechanism, Capabilities: words(v.IMAP.Caps),
		Folder: m.Name, UIDValidity: m.UIDValidity, UIDNext: m.UIDNext, Messages: m.Messages, ReadOnly: m.ReadOnly,
		Folders: make([]ReportFolder, 0, len(v.IMAP.Folders)), Cost: cost(v.IMAP.Meter), Problem: problem(v.IMAP.Problem),
	}
	for _, f := range v.IMAP.Folders {
		rf := ReportFolder{Name: f.Name, Role: f.Role, Selectable: !f.NoSelect}
		if f.Counted {
			messages, unseen := f.Messages, f.Unseen
			rf.Messages, rf.Unseen = &messages, &unseen
		}
		r.Folders = append(r.Folders, rf)
	}
	return r
}

func reportPOP3(v *retrieval.View) ReportPOP3 {
	d := v.POP3.Drop
	return ReportPOP3{
		State: string(v.POP3.State), Security: v.POP3.Security.String(), Login: v.POP3.Security.Mechanism, Capabilities: words(v.POP3.Caps),
		Messages: len(d.Entries), Octets: d.Octets, UniqueIDs: d.HasUIDL, Snapshot: moment(d.At), Marked: v.POP3.Pending,
		Leave: v.Policy, Cost: cost(v.POP3.Meter), Problem: problem(v.POP3.Problem),
	}
}

func reportMessage(row *retrieval.Row) ReportMessage {
	m := ReportMessage{Certainty: string(row.Sure), Hole: string(row.Hole)}
	var h *retrieval.Header
	if e := row.Entry; e != nil {
		m.POP3 = &ReportEntry{e.Number, e.Octets, e.UniqueID, e.Marked, e.Gone, e.Here}
		h = e.Header
	}
	if row.UID != 0 {
		m.IMAP = &ReportUID{UID: row.UID}
		if row.Message != nil {
			octets := row.Message.Octets
			m.IMAP.Flags, m.IMAP.Octets = words(row.Message.Flags), &octets
			h = &row.Message.Header
		}
	}
	if h != nil {
		m.Subject, m.From, m.MessageID, m.Date = h.Subject, h.From, h.MessageID, moment(h.Date)
	}
	return m
}

func cost(m retrieval.Meter) ReportCost {
	return ReportCost{m.In, m.Out, m.Turnarounds, m.Connections}
}

// words gives a list that JSON writes as [], never as null.
func words(s []string) []string { return append([]string{}, s...) }

func moment(t time.Time) *time.Time {
	if t.IsZero() || t.Year() < 1 || t.Year() > 9999 { // years that JSON's RFC 3339 times cannot hold
		return nil
	}
	return &t
}

func problem(p *retrieval.Problem) string {
	if p == nil {
		return ""
	}
	if p.Why == "" {
		return p.What
	}
	return p.What + ": " + p.Why
}
