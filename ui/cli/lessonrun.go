package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"imapop/account/submission"
	"imapop/retrieval/imap"
	"imapop/retrieval/lesson"
	"imapop/retrieval/lesson/stage"
	"imapop/retrieval/pop3"
)

// stageOptions prepare an opened account for lessons.
func stageOptions(op *opened) stage.Options {
	a, pw, g, w := op.account, op.live.Password, op.live.Guard, op.live.Wire
	so := stage.Options{IMAP: imap.Config{Account: a, Password: pw, Guard: g, Wire: w}, POP3: pop3.Config{Account: a, Password: pw, Guard: g, Wire: w, APOP: op.live.APOP}}
	if a.Submission.Address != "" {
		so.Submit = func(ctx context.Context, from, to string, msg []byte, line func(byte, string)) error {
			_, err := submission.Send(ctx, a, pw, submission.Options{Roots: w.Roots, Guard: g, Line: line}, submission.Envelope{From: from, To: []string{to}}, msg)
			return err
		}
	}
	return so
}

// demoEnough is how long lessons wait on a demo server of their own, which tells
// everything at once.
const demoEnough = 500 * time.Millisecond

type lessonRun struct {
	o        *options
	all, yes bool
	asJSON   bool
	wire     bool
	patience time.Duration
	ask      bool                      // questions are asked of whoever is there
	in       *bufio.Reader             // of what is typed; see typed
	quiet    bool                      // the report alone is wanted
	write    func(lesson.Report) error // nil: printed
}

func newLessonRun(o *options) *cobra.Command {
	r := &lessonRun{o: o}
	cmd := &cobra.Command{Use: "run [N|FILE...]", Short: "Run lessons, and print each step, its question, the evidence and the verdict",
		Long: lessonLong + "\n\nWithout --account and without a configuration, the demo account is used. The exit\ncode is 1 when an expectation fails.",
		RunE: func(cmd *cobra.Command, args []string) error { return r.run(cmd.Context(), args) }}
	f := cmd.Flags()
	f.BoolVar(&r.all, "all", false, "run every lesson")
	f.BoolVar(&r.ask, "ask", false, "ask the questions, and keep the score")
	f.BoolVar(&r.yes, "yes", false, "on an account that is not the demo account: do not ask")
	f.BoolVar(&r.asJSON, "json", false, "print one JSON document instead of text")
	f.BoolVar(&r.wire, "wire", false, "print everything that was said")
	f.DurationVar(&r.patience, "patience", 0, "wait at most `TIME` for a server, however long the page would; what is cut short is counted as unwaited")
	return cmd
}

func (r *lessonRun) pick(args []string) ([]*lesson.Lesson, error) {
	if r.all == (len(args) > 0) {
		return nil, errors.New("name lessons by number or file, or say --all; see 'imapop lesson list'")
	}
	if r.all {
		return shipped()
	}
	var list []*lesson.Lesson
	for _, arg := range args {
		find := readLesson
		if _, err := strconv.Atoi(arg); err == nil {
			find = findLesson
		}
		l, err := find(arg)
		if err != nil {
			return nil, err
		}
		list = append(list, l)
	}
	return list, nil
}

func (r *lessonRun) run(ctx context.Context, args []string) error {
	list, err := r.pick(args)
	if err != nil {
		return usageError{err}
	}
	op, err := r.o.open(ctx)
	if err != nil {
		return err
	}
	defer op.close()
	so := stageOptions(op)
	so.Patience = r.patience
	if op.account.Demo {
		so.Enough = demoEnough
	}
	st := stage.New(so)
	if !op.account.Demo {
		if err := r.agree(ctx, st, op); err != nil {
			return err
		}
	}
	return r.perform(ctx, st, list)
}

// perform runs the lessons and cleans up, also when it is interrupted.
func (r *lessonRun) perform(ctx context.Context, st *stage.Stage, list []*lesson.Lesson) error {
	var results []lesson.Result
	for _, l := range list {
		if ctx.Err() != nil {
			break
		}
		if r.quiet && !r.ask {
			results = append(results, r.progress(ctx, st, l))
			continue
		}
		p := newLessonPrinter(r, l)
		res := st.Run(ctx, l, p.heard)
		p.end(&res)
		results = append(results, res)
	}
	clean, stop := context.WithTimeout(context.WithoutCancel(ctx), cleanUpTime)
	defer stop()
	left, err := st.Close(clean)
	if len(results) > 0 {
		results[len(results)-1].Left = left
	}
	rep := lesson.NewReport(results)
	if r.write != nil {
		err = errors.Join(err, r.write(rep))
		r.total(rep)
	} else if r.asJSON {
		enc := json.NewEncoder(r.o.streams.Out)
		enc.SetIndent("", "  ")
		err = errors.Join(err, enc.Encode(rep))
	} else {
		r.total(rep)
	}
	switch {
	case ctx.Err() != nil && rep.Demo: // its server has ended with it, and everything on it
		return context.Cause(ctx)
	case ctx.Err() != nil:
		return errors.Join(context.Cause(ctx), err)
	case err != nil:
		return fmt.Errorf("%s: clean up after the lessons: %w; 'imapop lesson run' of any lesson tries again", rep.Account, err)
	case rep.Total.Failed > 0:
		return fmt.Errorf("%s: %d of %d expectations failed", rep.Account, rep.Total.Failed, rep.Total.Failed+rep.Total.Held)
	}
	return nil
}

// cleanUpTime bounds the cleaning up after an interruption.
const cleanUpTime = 20 * time.Second
