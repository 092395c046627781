/*
 * exit - for builds with COVERAGE=1: a process that leaves through _exit(2), as the children of the forking
 * models do, writes its counts first. Linked with --wrap=_exit. gcov(1)
 */
void __gcov_dump(void);
_Noreturn void __real__exit(int status);
_Noreturn void __wrap__exit(int status);

_Noreturn void __wrap__exit(int status)
{
    __gcov_dump();
    __real__exit(status);
}
