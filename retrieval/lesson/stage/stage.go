// Package stage performs lessons on an account, over the same sessions as the
// app. It touches only messages and folders that it made itself, finds them by
// lesson.Header and lesson.FolderPrefix, and takes them away again, also those
// that a run before it left behind.
package stage

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"imapop/account"
	"imapop/retrieval"
	"imapop/retrieval/imap"
	"imapop/retrieval/lesson"
	"imapop/retrieval/pop3"
	"imapop/retrieval/wire"
)

// Options say on which account, and how patiently.
type Options struct {
	IMAP imap.Config // its Events are the stage's own
	POP3 pop3.Config
	// Transcript takes the lines that a class is to see; nil: one is made. What the
	// stage does behind the curtain goes into none.
	Transcript *wire.Transcript
	// Submit sends one message; nil: the account has no submission.
	Submit func(ctx context.Context, from, to string, msg []byte, line func(dir byte, text string)) error
	// Patience is the longest that a statement may wait for a server; 0: as long as
	// the page says.
	Patience time.Duration
	// Enough is after how long a wait counts as a whole one; 0: never. For a server
	// on this machine that tells at once, when nothing is to be waited for.
	Enough time.Duration
	Dir    string           // for local copies; "": a directory of its own
	Now    func() time.Time // nil: time.Now
}

// Stage is an account prepared for lessons. Do and its like are for one goroutine
// at a time; Scene is for any.
type Stage struct {
	o   Options
	tr  *wire.Transcript
	run string // marks this run's messages

	hand   *imap.Session // works behind the curtain
	spaces namespace
	dir    string

	mu       sync.Mutex
	l        *lesson.Lesson
	mails    []lesson.Mail
	devices  []*device
	folders  map[string]string // a lesson's name: the server's
	base     uint32            // INBOX's UIDNEXT before the lesson made anything
	others   map[string]bool   // unique-ids that are not the lesson's
	byID     map[string]string // unique-id: letter
	first    map[string]*seen  // by letter: how it was first seen
	measures map[string]retrieval.Meter
	observed map[string]string // values by name
	unwaited map[string]bool   // observations that were cut short
	actBegan time.Time
	actEnded time.Time
	cannot   string    // what an act could not do on this server: what follows from it cannot be shown either
	dropped  time.Time // when a POP3 session of ours was last dropped
	hasty    bool      // a login that is refused is not tried again
	imapCaps []string
	popCaps  []string
	accepted string // the answer to the last submission; "": none came
}

// seen is how a message looked when it was first seen on a side.
type seen struct {
	uid    uint32
	id     string
	octets int64
	digest string // of RETR's octets
}

// New makes a stage; nothing is connected yet.
func New(o Options) *Stage {
	if o.Transcript == nil {
		o.Transcript = wire.NewTranscript(0)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Stage{o: o, tr: o.Transcript}
}

// SetEnough changes Options.Enough.
func (s *Stage) SetEnough(d time.Duration) { s.o.Enough = d }

// Begin sets the stage for a lesson: it takes away what an earlier run left,
// then makes the lesson's messages and folders.
func (s *Stage) Begin(ctx context.Context, l *lesson.Lesson) error {
	s.strike()
	if err := s.workhand(ctx); err != nil {
		return err
	}
	if _, err := s.sweep(ctx); err != nil {
		return fmt.Errorf("take away what an earlier lesson left: %w", err)
	}
	s.mu.Lock()
	s.l, s.run = l, newRun()
	s.devices = []*device{newDevice(s, lesson.Here, "")}
	for _, d := range l.Devices {
		s.devices = append(s.devices, newDevice(s, d.Name, d.About))
	}
	s.mails = append([]lesson.Mail(nil), l.Mails...)
	s.folders, s.others, s.byID, s.first = map[string]string{}, map[string]bool{}, map[string]string{}, map[string]*seen{}
	s.measures, s.observed, s.unwaited = map[string]retrieval.Meter{}, map[string]string{}, map[string]bool{}
	s.accepted, s.cannot = "", ""
	s.mu.Unlock()
	if err := s.survey(ctx); err != nil {
		return err
	}
	return s.set(ctx)
}

func newRun() string {
	var b [6]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// survey notes what is the owner's: nothing of it is ever looked at again.
func (s *Stage) survey(ctx context.Context) error {
	box, err := s.hand.Select(ctx, "INBOX", false)
	if err != nil {
		return err
	}
	s.base = box.UIDNext
	if s.base == 0 { // Courier's SELECT does not say
		uids, err := s.hand.UIDs(ctx)
		if err != nil {
			return err
		}
		s.base = 1
		if n := len(uids); n > 0 {
			s.base = uids[n-1] + 1
		}
	}
	if box.Messages == 0 {
		return nil
	}
	c := s.o.POP3
	c.Wire.Transcript = nil
	p, err := s.openMaildrop(ctx, c)
	if err != nil {
		return err
	}
	defer p.Drop()
	drop, err := p.Snapshot(ctx)
	if err != nil {
		return err
	}
	for i := range drop.Entries {
		if id := drop.Entries[i].UniqueID; id != "" {
			s.others[id] = true
		}
	}
	_, err = p.Quit(ctx) // nothing is marked
	return err
}

// set makes folders and messages.
func (s *Stage) set(ctx context.Context) error {
	for _, f := range s.l.Folders {
		if err := s.makeFolder(ctx, f); err != nil {
			return err
		}
	}
	for _, m := range s.l.Mails {
		msg := s.compose(m.Letter, m.Subject, m.Octets)
		if _, err := s.hand.Append(ctx, "INBOX", nil, time.Time{}, msg); err != nil {
			return err
		}
	}
	return nil
}

// Close takes everything away that the lessons made and ends all sessions. It
// returns what could not be taken away.
func (s *Stage) Close(ctx context.Context) (left []string, err error) {
	s.strike()
	if err = s.workhand(ctx); err == nil {
		left, err = s.sweep(ctx)
		_ = s.hand.Logout(ctx)
	}
	s.hand = nil
	if s.dir != "" && s.o.Dir == "" {
		err = errors.Join(err, os.RemoveAll(s.dir))
	}
	s.dir = ""
	return left, err
}

// strike ends the devices' sessions without a word: nothing that is marked goes.
func (s *Stage) strike() {
	s.mu.Lock()
	devices := s.devices
	s.devices = nil
	s.mu.Unlock()
	for _, d := range devices {
		d.close()
	}
	if len(devices) > 0 {
		s.dropped = time.Now()
	}
}

// Pause ends the devices' sessions, so that somebody else can have the maildrop.
// Begin sets the stage anew.
func (s *Stage) Pause() { s.strike() }

// workhand opens the session that works behind the curtain.
func (s *Stage) workhand(ctx context.Context) error {
	if s.hand != nil {
		select {
		case <-s.hand.Done():
		default:
			return nil
		}
	}
	c := s.o.IMAP
	c.Wire.Transcript, c.Events = nil, nil
	h, err := imap.Open(ctx, c)
	if err != nil {
		return err
	}
	s.hand = h
	return s.lookAround(ctx)
}

// Transcript is where the lines go.
func (s *Stage) Transcript() *wire.Transcript { return s.tr }

// Account is the account that the lessons are run on.
func (s *Stage) Account() account.Account { return s.o.IMAP.Account }

// Scene is what a class sees now.
func (s *Stage) Scene() lesson.Scene {
	s.mu.Lock()
	defer s.mu.Unlock()
	sc := lesson.Scene{Mails: append([]lesson.Mail(nil), s.mails...)}
	for _, d := range s.devices {
		sc.Devices = append(sc.Devices, d.scene())
	}
	return sc
}

func (s *Stage) device(name string) *device {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.devices {
		if d.name == name {
			return d
		}
	}
	return nil
}

// subject is the Subject that a letter was made with.
func (s *Stage) subject(letter string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.mails {
		if m.Letter == letter {
			return m.Subject
		}
	}
	return ""
}

// known is how a letter was first seen; never nil.
func (s *Stage) known(letter string) *seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.first[letter] == nil {
		s.first[letter] = &seen{}
	}
	return s.first[letter]
}
