package imap

import (
	"context"
	"errors"
	"strings"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"imapop/retrieval"
)

// maxCounted is how many folders are counted one by one where the server has no
// LIST-STATUS; the others stay uncounted. They are asked statusBatch at a time.
const (
	maxCounted  = 100
	statusBatch = 20
)

var counts = &goimap.StatusOptions{NumMessages: true, NumUnseen: true}

// Folders lists the mailboxes, with special use, subscription and counts in one
// answer where the server can (RFC 5258, RFC 5819, RFC 6154). A folder whose
// name breaks the protocol is listed as one that cannot be selected.
func (s *Session) Folders(ctx context.Context) ([]retrieval.Folder, error) {
	var list []retrieval.Folder
	err := s.do(ctx, "list folders", 0, func(context.Context) error {
		s.mu.Lock()
		s.odd = nil
		s.mu.Unlock()
		data, err := s.client.List("", "*", s.listOptions()).Collect()
		if err != nil {
			return err
		}
		for _, d := range data {
			list = append(list, s.folder(d))
		}
		return s.count(list)
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// listOptions asks for what the server offers; nil is a plain LIST.
func (s *Session) listOptions() *goimap.ListOptions {
	if !s.has(goimap.CapListExtended) {
		return nil
	}
	o := &goimap.ListOptions{ReturnSubscribed: true, ReturnSpecialUse: s.has(goimap.CapSpecialUse)}
	if s.has(goimap.CapListStatus) {
		o.ReturnStatus = counts
	}
	return o
}

// roles are the special uses of RFC 6154 section 2 and RFC 8457.
var roles = []string{"All", "Archive", "Drafts", "Flagged", "Junk", "Sent", "Trash", "Important"}

func (s *Session) folder(d *goimap.ListData) retrieval.Folder {
	f := retrieval.Folder{Name: d.Mailbox}
	if d.Delim != 0 {
		f.Delim = string(d.Delim)
	}
	for _, a := range d.Attrs {
		name := strings.TrimPrefix(string(a), `\`)
		switch strings.ToLower(name) {
		case "noselect", "nonexistent":
			f.NoSelect = true
		case "subscribed":
			f.Subscribed = true
		}
		for _, r := range roles {
			if strings.EqualFold(r, name) {
				f.Role = r
			}
		}
	}
	s.mu.Lock()
	f.NoSelect = f.NoSelect || s.odd[d.Mailbox]
	s.mu.Unlock()
	s.counted(&f, d.Status)
	return f
}

// counted takes in what STATUS told of a folder.
func (s *Session) counted(f *retrieval.Folder, st *goimap.StatusData) {
	if st == nil || st.NumMessages == nil || st.NumUnseen == nil {
		return
	}
	f.Messages, f.Unseen, f.Counted = *st.NumMessages, *st.NumUnseen, true
	s.hint[f.Name] = min(f.Messages, maxExists)
}

// count asks for the counts that LIST did not bring, several commands at a time.
func (s *Session) count(list []retrieval.Folder) error {
	var todo []*retrieval.Folder
	for i := range list {
		if f := &list[i]; !f.Counted && !f.NoSelect && len(todo) < maxCounted {
			todo = append(todo, f)
		}
	}
	for len(todo) > 0 {
		batch := todo[:min(len(todo), statusBatch)]
		todo = todo[len(batch):]
		var cmds []*imapclient.StatusCommand
		for _, f := range batch {
			cmds = append(cmds, s.client.Status(f.Name, counts))
		}
		for i, cmd := range cmds {
			st, err := cmd.Wait()
			if no := (*goimap.Error)(nil); errors.As(err, &no) {
				continue // this folder stays uncounted
			} else if err != nil {
				return err
			}
			s.counted(batch[i], st)
		}
	}
	return nil
}

// Status counts one folder; only name and counts are filled in.
func (s *Session) Status(ctx context.Context, name string) (retrieval.Folder, error) {
	f := retrieval.Folder{Name: name}
	err := s.do(ctx, "count "+name, 0, func(context.Context) error {
		st, err := s.client.Status(name, counts).Wait()
		if err == nil {
			s.counted(&f, st)
		}
		return err
	})
	return f, err
}

// Create makes a folder (RFC 9051 section 6.3.4).
func (s *Session) Create(ctx context.Context, name string) error {
	return s.do(ctx, "create "+name, 0, func(context.Context) error { return s.client.Create(name, nil).Wait() })
}

// Rename gives a folder another name; what lies below it goes along (RFC 9051
// section 6.3.6). INBOX is refused: its messages would move and it would be empty.
func (s *Session) Rename(ctx context.Context, from, to string) error {
	name := "rename " + from
	if strings.EqualFold(from, "INBOX") {
		return refused(name, "RENAME of INBOX moves its messages out and leaves it empty (RFC 9051 section 6.3.6)")
	}
	return s.do(ctx, name, 0, func(context.Context) error { return s.client.Rename(from, to, nil).Wait() })
}

// Subscribe puts a folder on the list that mail programs show first, or takes it
// off (RFC 9051 sections 6.3.7 and 6.3.8).
func (s *Session) Subscribe(ctx context.Context, folder string, on bool) error {
	if !on {
		return s.do(ctx, "unsubscribe from "+folder, 0, func(context.Context) error { return s.client.Unsubscribe(folder).Wait() })
	}
	return s.do(ctx, "subscribe to "+folder, 0, func(context.Context) error { return s.client.Subscribe(folder).Wait() })
}
