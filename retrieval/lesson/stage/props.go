package stage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/textproto"
	"slices"
	"strings"

	"imapop/retrieval"
	"imapop/retrieval/lesson"
)

// idDomain is where the Message-IDs of a lesson's messages seem to come from.
const idDomain = "lesson.imapop.example"

// compose makes a message of the lesson: plain ASCII, CRLF, with a body of at
// least that many octets.
func (s *Stage) compose(letter, subject string, octets int64) []byte {
	var b bytes.Buffer
	n := 0
	if s.l != nil {
		n = s.l.Number
	}
	me := s.address()
	for _, f := range []string{
		fmt.Sprintf("%s: lesson=%d; message=%s; run=%s", lesson.Header, n, letter, s.run),
		"From: " + me, "To: " + me, "Subject: " + subject,
		"Date: " + s.o.Now().Format("Mon, 02 Jan 2006 15:04:05 -0700"),
		fmt.Sprintf("Message-ID: <%s-%s@%s>", letter, s.run, idDomain),
		"MIME-Version: 1.0", "Content-Type: text/plain; charset=us-ascii", "",
		"This is message " + letter + " of an imapop lesson. It is removed when the lesson ends.", "",
	} {
		b.WriteString(f + "\r\n")
	}
	for start := b.Len(); int64(b.Len()-start) < octets; {
		b.WriteString("The quick brown fox jumps over the lazy dog, and then once again.\r\n")
	}
	return b.Bytes()
}

// address is whom the lesson's messages are from and to.
func (s *Stage) address() string {
	a := s.o.IMAP.Account
	switch {
	case a.From != "":
		return strings.Map(printable, a.From)
	case strings.Contains(a.User, "@"):
		return strings.Map(printable, a.User)
	}
	return strings.Map(printable, a.User) + "@" + idDomain
}

func printable(r rune) rune {
	if r < ' ' || r > '~' {
		return -1
	}
	return r
}

// mark reads lesson.Header in a message's header: whose it is, and of which run.
// ok is false for a message that no lesson made.
func mark(header []byte) (letter, run string, ok bool) {
	h := headerOf(header)
	value := h.Get(lesson.Header)
	id := h.Get("Message-Id")
	for _, part := range strings.Split(value, ";") {
		k, v, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch k {
		case "message":
			letter = v
		case "run":
			run = v
		}
	}
	// Both must agree: a header that somebody copied or forged is not enough.
	return letter, run, letter != "" && run != "" && id == fmt.Sprintf("<%s-%s@%s>", letter, run, idDomain)
}

func headerOf(b []byte) textproto.MIMEHeader {
	h := textproto.MIMEHeader{}
	for _, line := range strings.Split(string(b), "\n") {
		line = strings.TrimRight(line, "\r")
		if line == "" {
			break
		}
		if k, v, ok := strings.Cut(line, ":"); ok && line[0] != ' ' && line[0] != '\t' {
			h.Add(k, strings.TrimSpace(v))
		}
	}
	return h
}

// namespace is how the server names a new folder.
type namespace struct {
	delim string
	trash string
	all   []string
}

// lookAround learns how folders are named here.
func (s *Stage) lookAround(ctx context.Context) error {
	list, err := s.hand.Folders(ctx)
	if err != nil {
		return err
	}
	s.spaces = namespace{}
	for _, f := range list {
		s.spaces.all = append(s.spaces.all, f.Name)
		if f.Delim != "" {
			s.spaces.delim = f.Delim
		}
		if f.Role == "Trash" || strings.EqualFold(strings.TrimPrefix(f.Name, "INBOX"+f.Delim), "Trash") {
			s.spaces.trash = f.Name
		}
	}
	return nil
}

// makeFolder makes a lesson's folder, below INBOX where the server wants that.
func (s *Stage) makeFolder(ctx context.Context, name string) error {
	try := lesson.FolderPrefix + name
	err := s.hand.Create(ctx, try)
	if errors.Is(err, retrieval.ErrRefused) && s.spaces.delim != "" {
		try = "INBOX" + s.spaces.delim + try
		err = s.hand.Create(ctx, try)
	}
	if err != nil {
		return err
	}
	s.folders[name] = try
	return nil
}

// sweep removes every message and folder that a lesson made, of this run or of
// one before it, and names what it could not remove.
func (s *Stage) sweep(ctx context.Context) (left []string, err error) {
	if err := s.lookAround(ctx); err != nil {
		return nil, err
	}
	boxes := []string{"INBOX"}
	if s.spaces.trash != "" {
		boxes = append(boxes, s.spaces.trash)
	}
	for _, box := range boxes {
		n, err := s.clear(ctx, box)
		if err != nil {
			return left, err
		}
		if n > 0 {
			left = append(left, fmt.Sprintf("%d messages in %s", n, box))
		}
	}
	for _, f := range s.ownFolders() {
		if err := s.removeFolder(ctx, f); err != nil {
			left = append(left, f)
		}
	}
	return left, nil
}

// ownFolders are the folders that a lesson made.
func (s *Stage) ownFolders() []string {
	return slices.DeleteFunc(slices.Clone(s.spaces.all), func(name string) bool {
		return !strings.HasPrefix(strings.TrimPrefix(name, "INBOX"+s.spaces.delim), lesson.FolderPrefix)
	})
}

// removeFolder removes a folder that a lesson made, if it holds nothing else.
func (s *Stage) removeFolder(ctx context.Context, name string) error {
	if _, err := s.clear(ctx, name); err != nil {
		return err
	}
	box, err := s.hand.Select(ctx, name, true)
	if err != nil {
		return err
	}
	if box.Messages > 0 {
		return fmt.Errorf("%s holds %d messages that no lesson made", name, box.Messages)
	}
	if _, err := s.hand.Select(ctx, "INBOX", false); err != nil { // some servers refuse to delete what is selected
		return err
	}
	return s.hand.Remove(ctx, name)
}

// clear expunges the lessons' messages from one folder and says how many stay.
func (s *Stage) clear(ctx context.Context, box string) (stay int, err error) {
	uids, err := s.found(ctx, box)
	if err != nil || len(uids) == 0 {
		return 0, err
	}
	if _, err := s.hand.Store(ctx, uids, true, []string{`\Deleted`}); err != nil && !errors.Is(err, retrieval.ErrGone) {
		return len(uids), err
	}
	if _, err := s.hand.Expunge(ctx, uids); err != nil {
		return len(uids), nil // it stays with \Deleted: the next run tries again
	}
	return 0, nil
}

// found gives the UIDs of messages in a folder that a lesson made: SEARCH finds
// them, and each is looked at, since a server may search loosely.
func (s *Stage) found(ctx context.Context, box string) ([]uint32, error) {
	if _, err := s.hand.Select(ctx, box, false); err != nil {
		return nil, err
	}
	uids, err := s.hand.Find(ctx, 1, lesson.Header, "")
	if err != nil {
		return nil, err
	}
	var own []uint32
	for _, uid := range uids {
		var b bounded
		_, err := s.hand.Fetch(ctx, uid, true, &b, nil)
		if errors.Is(err, retrieval.ErrGone) || errors.Is(err, errLarge) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if _, _, ok := mark(b.Bytes()); ok {
			own = append(own, uid)
		}
	}
	return own, nil
}

// errLarge says that a message is larger than any that a lesson makes.
var errLarge = errors.New("larger than a lesson's message")

type bounded struct{ bytes.Buffer }

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > 4<<20 {
		return 0, errLarge
	}
	return b.Buffer.Write(p)
}

// Leftovers counts what lessons left on the account, and removes nothing.
func (s *Stage) Leftovers(ctx context.Context) (messages int, folders []string, err error) {
	if err := s.workhand(ctx); err != nil {
		return 0, nil, err
	}
	if err := s.lookAround(ctx); err != nil {
		return 0, nil, err
	}
	for _, box := range append([]string{"INBOX"}, s.ownFolders()...) {
		uids, err := s.found(ctx, box)
		if err != nil {
			return 0, nil, err
		}
		messages += len(uids)
	}
	return messages, s.ownFolders(), nil
}
