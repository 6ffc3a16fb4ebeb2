package live

import (
	"context"
	"strings"

	"imapop/retrieval"
	"imapop/retrieval/imap"
	"imapop/retrieval/mime"
)

// maxCopies bounds how many copies one search reads.
const maxCopies = 2000

// Search finds messages with a text. IMAP's server looks into headers and bodies.
// POP3 has no such command: what is here is looked at, the headers that TOP told
// and the copies on this device; nothing is asked of the server.
func (d *Desk) Search(ctx context.Context, side retrieval.Protocol, text string) (retrieval.Found, error) {
	ctx, over := d.cancelable(ctx)
	defer over()
	f := retrieval.Found{Side: side, Text: text}
	if side == retrieval.POP3 {
		return f, d.searchHere(ctx, &f)
	}
	err := enqueue(ctx, d, d.imap.jobs, func(ctx context.Context, s *imap.Session) (err error) {
		before := s.Meter()
		f.UIDs, err = s.Search(ctx, text)
		f.Spent = s.Meter().Sub(before)
		return err
	})
	return f, err
}

func (d *Desk) searchHere(ctx context.Context, f *retrieval.Found) error {
	var entries []retrieval.Entry
	d.ask(func(b *book) { entries = b.pop.Drop.Entries })
	want := strings.ToLower(f.Text)
	for _, e := range entries {
		if err := ctx.Err(); err != nil {
			return err
		}
		found := false
		if e.Header != nil {
			f.Headers++
			found = strings.Contains(strings.ToLower(e.Header.From+"\n"+e.Header.Subject), want)
		}
		if e.Here && f.Copies < maxCopies {
			if octets, ok, err := d.copyRead(e.UniqueID); ok && err == nil {
				f.Copies++
				found = found || holds(mime.Parse(octets), want)
			}
		}
		if found {
			f.Numbers = append(f.Numbers, e.Number)
		}
	}
	return nil
}

// holds reports whether a message has a text, in lower case, in a field that
// people read or in what it says.
func holds(m *mime.Message, want string) bool {
	for _, name := range []string{"From", "To", "Cc", "Subject"} {
		if strings.Contains(strings.ToLower(m.Header.Text(name)), want) {
			return true
		}
	}
	for _, b := range m.Document(false).Blocks {
		if strings.Contains(strings.ToLower(b.Markdown), want) {
			return true
		}
		for _, l := range b.Lines {
			if strings.Contains(strings.ToLower(l.Text), want) {
				return true
			}
		}
	}
	return false
}
