package lesson

import (
	"fmt"
	"strings"

	"imapop/account"
)

// arguments reads what follows a verb.
type arguments struct {
	p       *page
	line    int
	verb    string
	shape   shape
	letters []string
	flags   []string
	folder  string
	subject string
	word    string
	policy  account.LeaveOnServer
}

func (a *arguments) read(words []string) bool {
	if a.shape == named && len(words) == 2 { // it makes a message, and needs none
		a.letters, a.subject = words[:1], words[1]
		return a.p.newLetter(a.line, words[0], words[1])
	}
	if !a.count(len(words)) || !a.take(words) {
		a.p.fail(a.line, strings.TrimSpace(fmt.Sprintf("it is: %s %s", a.verb, a.shape)))
		return false
	}
	return a.known()
}

// count reports whether so many words can follow the verb.
func (a *arguments) count(n int) bool {
	switch a.shape {
	case noArgs:
		return n == 0
	case maybeLetter:
		return n <= 1
	case oneLetter:
		return n == 1
	case someLetters, maybeNone:
		return n > 0
	case toFolder, sameOrNew:
		return n == 2
	case withFlags, inFolder, kept:
		return n > 1
	}
	return false
}

// take puts the words, whose number is right, where they belong.
func (a *arguments) take(words []string) bool {
	a.letters = words
	switch a.shape {
	case maybeNone:
		if words[0] == "nothing" {
			a.letters = nil
			return len(words) == 1
		}
	case withFlags:
		a.letters, a.flags = words[:1], words[1:]
	case toFolder:
		a.letters, a.folder = words[:1], words[1]
	case inFolder:
		a.folder, a.letters = words[0], words[1:]
	case sameOrNew:
		a.letters, a.word = words[:1], words[1]
		return words[1] == "same" || words[1] == "new"
	case kept:
		return a.download(words)
	}
	return true
}

func (a *arguments) download(words []string) bool {
	var err error
	a.policy, err = account.ParseLeaveOnServer(words[len(words)-1])
	a.letters = words[:len(words)-1]
	return err == nil
}

// known holds that messages and folders were declared, and that flags look like flags.
func (a *arguments) known() bool {
	for _, l := range a.letters {
		if a.p.letters[l] == 0 {
			a.p.fail(a.line, fmt.Sprintf("%s: there is no message %s", a.verb, l))
			return false
		}
	}
	if a.folder != "" && a.folder != "INBOX" && !a.p.folders[a.folder] {
		a.p.fail(a.line, fmt.Sprintf("%s: no folder %q was declared before the first step", a.verb, a.folder))
		return false
	}
	for _, f := range a.flags {
		if strings.Trim(f, `\$abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ`) != "" {
			a.p.fail(a.line, fmt.Sprintf("%s: %q is no flag", a.verb, f))
			return false
		}
	}
	return true
}
