package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strconv"

	"github.com/spf13/cobra"

	pages "imapop/docs"
	"imapop/retrieval/lesson"
)

const lessonLong = `Lessons are pages that run: they say what to do over IMAP, POP3 and SMTP, ask
what will happen, do it, and show the evidence.

On an account that is not the demo account a lesson works with messages and
folders that it made itself, and with nothing else. It says so before, asks, and
removes them at the end; what a lesson that was killed left behind, the next one
removes.`

const lessonExample = `  imapop lesson list
  imapop lesson run 4              on the demo account, or on the configured one
  imapop lesson run --all --account work --yes
  imapop lesson new my-lesson.md   then: check my-lesson.md, run my-lesson.md`

func newLesson(o *options) *cobra.Command {
	cmd := &cobra.Command{Use: "lesson", Short: "Lessons that run: list, show, run, and write your own",
		Long: lessonLong, Example: lessonExample, Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return listLessons(o) }}
	cmd.AddCommand(
		&cobra.Command{Use: "list", Short: "List the lessons", Args: usageArgs(cobra.NoArgs),
			RunE: func(*cobra.Command, []string) error { return listLessons(o) }},
		&cobra.Command{Use: "show N", Short: "Print a lesson's page", Args: usageArgs(cobra.ExactArgs(1)),
			RunE: func(_ *cobra.Command, args []string) error { return showLesson(o, args[0]) }},
		&cobra.Command{Use: "check FILE...", Short: "Read pages and tell their faults, by file and line", Args: usageArgs(cobra.MinimumNArgs(1)),
			RunE: func(_ *cobra.Command, args []string) error { return checkLessons(o, args) }},
		&cobra.Command{Use: "new FILE", Short: "Make a page to begin with", Args: usageArgs(cobra.ExactArgs(1)),
			RunE: func(_ *cobra.Command, args []string) error { return beginLesson(o, args[0]) }},
		newLessonRun(o))
	return cmd
}

// shipped reads the lessons that the program carries, by number.
func shipped() ([]*lesson.Lesson, error) {
	files, err := fs.Glob(pages.Lessons, "lessons/*.md")
	if err != nil {
		return nil, err
	}
	var all []*lesson.Lesson
	for _, f := range files {
		text, err := pages.Lessons.ReadFile(f)
		if err != nil {
			return nil, err
		}
		l, err := lesson.Parse(path.Base(f), text)
		if err != nil {
			return nil, err
		}
		all = append(all, l)
	}
	return all, nil
}

func listLessons(o *options) error {
	all, err := shipped()
	if err != nil {
		return err
	}
	for _, l := range all {
		fmt.Fprintf(o.streams.Out, "%2d  %-52s %d min\n", l.Number, l.Title, l.Minutes)
	}
	_, err = fmt.Fprintln(o.streams.Out, "\nRead one: imapop lesson show 4. Run one: imapop lesson run 4.")
	return err
}

func showLesson(o *options, arg string) error {
	l, err := findLesson(arg)
	if err != nil {
		return usageError{err}
	}
	text, err := pages.Lessons.ReadFile("lessons/" + l.File)
	if err == nil {
		_, err = o.streams.Out.Write(text)
	}
	return err
}

// findLesson finds a shipped lesson by its number.
func findLesson(arg string) (*lesson.Lesson, error) {
	all, err := shipped()
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(arg)
	for _, l := range all {
		if err == nil && l.Number == n {
			return l, nil
		}
	}
	return nil, fmt.Errorf("there is no lesson %q: they are 1 to %d, see 'imapop lesson list'", arg, len(all))
}

// maxPage bounds a page of somebody's own, in octets.
const maxPage = 1 << 20

func readLesson(file string) (*lesson.Lesson, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxPage {
		return nil, fmt.Errorf("%s is larger than %d octets: that is no lesson", file, maxPage)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return lesson.Parse(file, text)
}

func checkLessons(o *options, files []string) error {
	var bad error
	for _, f := range files {
		l, err := readLesson(f)
		if err != nil {
			bad = errors.Join(bad, err)
			continue
		}
		statements := 0
		for _, s := range l.Steps {
			statements += len(s.Do)
		}
		fmt.Fprintf(o.streams.Out, "%s: %q, %d steps, %d statements\n", f, l.Title, len(l.Steps), statements)
	}
	return bad
}

const newPage = `# What happens to a message that nobody deletes

Say here, in a few sentences, what the class is about to see. The language of the blocks is described in docs/lessons/README.md.

` + "```lesson" + `
minutes 4
mail A "A message to work with"
device phone "a phone"
` + "```" + `

## Open both doors

Tell what is going to happen, then ask before it does.

` + "```lesson" + `
imap open
pop3 open
ask "POP3 downloads A and keeps it on the server. What will IMAP list then?"
  a "A, as before"
  nothing "Nothing"
  right a
pop3 download A keep
pop3 quit
expect imap has A -- protocol, RFC 1939 section 6
expect unsupported device phone pop3 flag A \Seen -- protocol, RFC 1939 section 5
` + "```" + `

> Speaker: A note for whoever teaches. The class sees it only when you press the key for it.
`

// beginLesson writes a page to begin with; it never overwrites one.
func beginLesson(o *options, file string) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.WriteString(newPage)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	_, err = fmt.Fprintf(o.streams.Out, "wrote %s; now: imapop lesson check %s, imapop lesson run %s\n", file, file, file)
	return err
}
