package cli

import (
	"encoding/json"
	"io"
	"time"

	"imapop/retrieval/fetch"
)

// fetchSchema names the format of `imapop fetch --json`; docs/fetch.md documents
// it. Fields are only ever added.
const fetchSchema = "imapop.fetch/1"

type fetchJSON struct {
	Schema      string        `json:"schema"`
	Account     string        `json:"account"`
	At          time.Time     `json:"at"`
	DryRun      bool          `json:"dry_run"`
	Policy      string        `json:"leave_on_server"`
	Maildir     string        `json:"maildir"`
	Plan        planJSON      `json:"plan"`
	Downloaded  []storedJSON  `json:"downloaded"`
	Deleted     []itemJSON    `json:"deleted"`
	Unknown     []itemJSON    `json:"unknown"`
	Headers     []headerJSON  `json:"headers"`
	Short       []leftJSON    `json:"short"`
	Refused     []leftJSON    `json:"refused"`
	Kept        []leftJSON    `json:"kept"`
	Settled     settledJSON   `json:"settled"`
	End         string        `json:"end"`
	Interrupted bool          `json:"interrupted"`
	Cost        fetchCostJSON `json:"cost"`
	Error       string        `json:"error,omitempty"`
}

type planJSON struct {
	Commands []string   `json:"commands"`
	Listed   int        `json:"messages"`
	Have     int        `json:"here"`
	Octets   int64      `json:"octets"`
	Later    int        `json:"later"`
	Next     *time.Time `json:"next,omitempty"`
	Held     int        `json:"held"`
	Stay     []leftJSON `json:"stay"`
}

type itemJSON struct {
	Number   int    `json:"number"`
	UniqueID string `json:"unique_id,omitempty"`
	Octets   int64  `json:"octets"`
}

type storedJSON struct {
	itemJSON
	Stored  int64  `json:"stored_octets"`
	File    string `json:"file"`
	Existed bool   `json:"existed,omitempty"`
}

type leftJSON struct {
	itemJSON
	Why string `json:"why"`
}

type headerJSON struct {
	itemJSON
	From    string     `json:"from,omitempty"`
	Subject string     `json:"subject,omitempty"`
	Date    *time.Time `json:"date,omitempty"`
}

type settledJSON struct {
	Adopted int `json:"adopted"`
	Deleted int `json:"deleted"`
	Kept    int `json:"kept"`
}

type fetchCostJSON struct {
	In          int64 `json:"octets_in"`
	Out         int64 `json:"octets_out"`
	Turnarounds int   `json:"turnarounds"`
	Connections int   `json:"connections"`
}

// writeFetchJSON prints the run as one document, also when it failed.
func writeFetchJSON(w io.Writer, r *fetchRun, failure error) error {
	rep := &r.report
	doc := fetchJSON{Schema: fetchSchema, Account: r.account.Name, At: r.at, DryRun: r.f.dryRun,
		Policy: r.f.leave(r.account).String(), Maildir: r.account.Maildir, Plan: planDoc(rep.Plan),
		Downloaded: []storedJSON{}, Deleted: itemDocs(rep.Deleted), Unknown: itemDocs(rep.Unknown), Headers: []headerJSON{},
		Short: leftDocs(rep.Short), Refused: leftDocs(rep.Refused), Kept: leftDocs(rep.Kept),
		Settled: settledJSON{len(rep.Settled.Adopted), len(rep.Settled.Deleted), len(rep.Settled.Kept)},
		End:     string(rep.End), Interrupted: rep.Interrupted,
		Cost: fetchCostJSON{r.cost.In, r.cost.Out, r.cost.Turnarounds, r.cost.Connections}}
	for _, s := range rep.Stored {
		doc.Downloaded = append(doc.Downloaded, storedJSON{itemDoc(s.Item), s.Got, s.File, s.Existed})
	}
	for _, h := range rep.Headers {
		doc.Headers = append(doc.Headers, headerJSON{itemDoc(h.Item), h.Header.From, h.Header.Subject, moment(h.Header.Date)})
	}
	if failure != nil {
		doc.Error = failure.Error()
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(doc)
}

func planDoc(p fetch.Plan) planJSON {
	doc := planJSON{Commands: p.Commands(), Listed: p.Listed, Have: p.Have, Octets: p.Octets, Later: p.Later,
		Next: moment(p.Next), Held: p.Held, Stay: []leftJSON{}}
	for _, s := range p.Steps {
		if s.Why != nil {
			doc.Stay = append(doc.Stay, leftJSON{itemDoc(s.Item), s.Why.Error()})
		}
	}
	return doc
}

func itemDoc(it fetch.Item) itemJSON { return itemJSON{it.Number, it.UniqueID, it.Octets} }

func itemDocs(items []fetch.Item) []itemJSON {
	list := make([]itemJSON, len(items))
	for i, it := range items {
		list[i] = itemDoc(it)
	}
	return list
}

func leftDocs(items []fetch.Left) []leftJSON {
	list := make([]leftJSON, len(items))
	for i, l := range items {
		list[i] = leftJSON{itemDoc(l.Item), l.Err.Error()}
	}
	return list
}

// moment is a time, or nothing for the zero one.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
