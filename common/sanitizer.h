/*
 * sanitizer - which sanitizer this is built with: gcc defines __SANITIZE_ADDRESS__ and __SANITIZE_THREAD__
 * itself, for clang it is done here.
 */
#ifndef SANITIZER_H
#define SANITIZER_H

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#if __has_feature(thread_sanitizer)
#define __SANITIZE_THREAD__ 1
#endif
#endif

#endif
