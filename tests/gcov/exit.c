/*
 * exit - for builds with COVERAGE=1: a process that leaves through _exit(2), as the children of the forking
 * models do, writes its counts first. Linked with --wrap=_exit. gcov(1)
 *
 * In tenk-serve-faults no call of that fails by plan, nor is it counted (tests/faults/wrap.c).
 */
#pragma weak faults_leave
void faults_leave(void);

void __gcov_dump(void);
_Noreturn void __real__exit(int status);
_Noreturn void __wrap__exit(int status);

_Noreturn void __wrap__exit(int status)
{
    if (faults_leave != 0)
        faults_leave();
    __gcov_dump();
    __real__exit(status);
}
