package lesson

import "imapop/ui/wish"

// Wish is what the screen asks of the app.
type Wish = wish.Wish

func begin(number int) Wish { return wish.BeginLesson{Lesson: number} }
func play(number, step, next int) Wish {
	return wish.PlayLesson{Lesson: number, Step: step, Index: next}
}
func end() Wish { return wish.EndLesson{} }
