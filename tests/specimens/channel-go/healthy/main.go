// Go channels, unbuffered and buffered, select and close: what they hand over is plain memory, touched by both sides.
package main

import (
	"time"

	"specimens/stage"
)

type parcel struct {
	number  uint64
	content [16]uint64
}

type post struct {
	out  chan *parcel // buffered
	back chan *parcel // buffered: parcels are reused
	acks chan uint64  // unbuffered
	done chan struct{}
}

func (p *post) send() (operations uint64) {
	defer close(p.done)
	for ; !stage.Over(); operations++ {
		parcel := <-p.back
		parcel.number = operations
		for i := range parcel.content {
			parcel.content[i] += operations
		}
		p.out <- parcel
		if operations%8 == 7 {
			stage.Work(int(<-p.acks & 255))
		}
		stage.Work(500)
	}
	return operations
}

func (p *post) receive() (operations uint64) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case parcel := <-p.out:
			parcel.content[parcel.number%16] = parcel.number
			number := parcel.number
			p.back <- parcel
			if number%8 == 7 {
				p.acks <- number
			}
			operations++
		case <-tick.C:
			stage.Work(200)
		case <-p.done:
			return operations
		}
	}
}

func main() {
	lane := &post{
		out: make(chan *parcel, 4), back: make(chan *parcel, 8), acks: make(chan uint64), done: make(chan struct{}),
	}
	for range 8 {
		lane.back <- new(parcel)
	}
	stage.Play(lane.send, lane.receive)
}
