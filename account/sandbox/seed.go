package sandbox

import (
	"bytes"
	"embed"
	"encoding/base64"
	"fmt"
	"net/mail"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
)

//go:embed seed/*.eml
var seedFiles embed.FS

// seedMail is the demo's mail in the order in which it comes. File is below
// seed/ without its ending.
var seedMail = []struct {
	file, mailbox string
	flags         []imap.Flag
}{
	{"archive-1", "Archive", []imap.Flag{imap.FlagSeen}},
	{"archive-2", "Archive", []imap.Flag{imap.FlagSeen, imap.FlagFlagged}},
	{"work-1", "Work/Projects", []imap.Flag{imap.FlagSeen, imap.FlagFlagged}},
	{"work-2", "Work/Projects", nil},
	{"trash-1", "Trash", []imap.Flag{imap.FlagSeen}},
	{"nanosecond-1", "INBOX", []imap.Flag{imap.FlagAnswered, imap.FlagSeen}},
	{"sent-1", "Sent", []imap.Flag{imap.FlagSeen}},
	{"nanosecond-2", "INBOX", []imap.Flag{imap.FlagSeen}},
	{"nanosecond-3", "INBOX", []imap.Flag{imap.FlagFlagged, imap.FlagSeen}},
	{"newsletter", "INBOX", nil},
	{"build", "INBOX", []imap.Flag{imap.FlagSeen}},
	{"plates", "INBOX", []imap.Flag{imap.FlagFlagged}},
	{"kanji", "INBOX", nil},
	{"arabic", "INBOX", nil},
	{"emoji", "INBOX", []imap.Flag{imap.FlagAnswered, imap.FlagSeen}},
	{"invite", "INBOX", nil},
	{"dots", "INBOX", nil},
	{"longline", "INBOX", nil},
	{"forwarded", "INBOX", []imap.Flag{"$Forwarded", imap.FlagSeen}},
	{"sent-2", "Sent", []imap.Flag{imap.FlagSeen}},
	{"turing", "INBOX", nil},
	{"draft-1", "Drafts", []imap.Flag{imap.FlagDraft, imap.FlagSeen}},
}

// seed makes the folders and the mail, the same each time.
func (s *store) seed(o Options) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range []struct {
		name string
		use  []imap.MailboxAttr
	}{
		{"Archive", []imap.MailboxAttr{imap.MailboxAttrArchive}},
		{"Drafts", []imap.MailboxAttr{imap.MailboxAttrDrafts}},
		{"Sent", []imap.MailboxAttr{imap.MailboxAttrSent}},
		{"Trash", []imap.MailboxAttr{imap.MailboxAttrTrash}},
		{"Work/Projects", nil},
	} {
		if _, err := s.create(f.name, f.use); err != nil {
			return err
		}
		s.subscribed[f.name] = true
	}
	s.fill(o.Messages)
	if o.Empty {
		return nil
	}
	mails, err := seeded()
	if err != nil {
		return err
	}
	for i, m := range seedMail {
		s.add(s.boxes[m.mailbox], mails[i].content, m.flags, mails[i].date, 0)
	}
	return nil
}

// seeded reads the embedded mail once for every server in the process.
var seeded = sync.OnceValues(func() ([]message, error) {
	var out []message
	for _, m := range seedMail {
		raw, err := seedFiles.ReadFile("seed/" + m.file + ".eml")
		if err != nil {
			return nil, err
		}
		raw = bytes.Replace(raw, []byte("@@ATTACHMENT@@\n"), attachment(), 1)
		raw = bytes.Replace(raw, []byte("@@LINE@@"), []byte(longLine), 1)
		raw = normalize(raw)
		head, err := mail.ReadMessage(bytes.NewReader(raw))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m.file, err)
		}
		date, err := head.Header.Date()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m.file, err)
		}
		out = append(out, message{date: date.In(time.UTC), content: newStored(raw)})
	}
	return out, nil
})

// longLine is 5,000 octets without a line break.
var longLine = strings.Repeat("information is the resolution of uncertainty; ", 5000/46+1)[:5000]

// attachment draws munching squares, 1140 by 1300 grey points (PGM), and encodes
// them in base64: 2 MB of mail. A row is 20 whole lines of base64, and rows come
// again after 64, so only those are encoded.
func attachment() []byte {
	const width, height, period, perLine = 1140, 1300, 64, 57
	head := fmt.Sprintf("P5\n%d %d\n255\n", width, height)
	head = "P5\n# munching squares" + strings.Repeat(".", perLine-len(head)-len("# munching squares")-1) + head[2:]
	rows := make([]byte, period*width)
	for i := range rows {
		x, y := i%width, i/width
		rows[i] = byte((x^y)&(period-1)) << 2
	}
	encoded := base64Lines(rows, perLine)
	rowLen := len(encoded) / period
	out := base64Lines([]byte(head), perLine)
	for y := 0; y < height; y += period {
		out = append(out, encoded[:min(period, height-y)*rowLen]...)
	}
	return out
}

// base64Lines encodes with n octets a line.
func base64Lines(b []byte, n int) []byte {
	var out []byte
	for len(b) > 0 {
		k := min(n, len(b))
		out = append(base64.StdEncoding.AppendEncode(out, b[:k]), '\n')
		b = b[k:]
	}
	return out
}
