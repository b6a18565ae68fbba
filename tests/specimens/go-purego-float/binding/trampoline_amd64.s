#include "textflag.h"
#include "go_asm.h"

GLOBL ·syscall1XABI0(SB), NOPTR|RODATA, $8
DATA ·syscall1XABI0(SB)/8, $·syscall1X(SB)

// Runs on the stack of the thread, by the rules of C, and is given a record.
TEXT ·syscall1X(SB), NOSPLIT|NOFRAME, $0
	PUSHQ DI
	MOVQ  record_number(DI), X0
	MOVQ  record_function(DI), AX
	CALL  AX
	MOVQ  0(SP), DI
	MOVQ  AX, record_integer(DI)
	MOVQ  X0, record_number(DI)
	XORL  AX, AX
	POPQ  DI
	RET
