// SPDX-License-Identifier: AGPL-3.0-or-later
// The properties that conversion knows by name, with the names of [MS-OXPROPS] without "PidTag", "PidLid" and
// "PidName".
#pragma once

#include "formats/mapi/property.h"

namespace kontor::mapi {

// Property sets ([MS-OXPROPS] section 1.3.2), and those of Kopano.
namespace set {
constexpr std::uint64_t kTail = 0xC000000000000046;
constexpr Guid kMapi = Guid::of(0x00020328, 0, 0, kTail);
constexpr Guid kPublicStrings = Guid::of(0x00020329, 0, 0, kTail);
constexpr Guid kInternetHeaders = Guid::of(0x00020386, 0, 0, kTail);
constexpr Guid kAppointment = Guid::of(0x00062002, 0, 0, kTail);
constexpr Guid kTask = Guid::of(0x00062003, 0, 0, kTail);
constexpr Guid kAddress = Guid::of(0x00062004, 0, 0, kTail);
constexpr Guid kCommon = Guid::of(0x00062008, 0, 0, kTail);
constexpr Guid kLog = Guid::of(0x0006200A, 0, 0, kTail);
constexpr Guid kBusinessCard = Guid::of(0x0006200B, 0, 0, kTail);
constexpr Guid kNote = Guid::of(0x0006200E, 0, 0, kTail);
constexpr Guid kReport = Guid::of(0x00062013, 0, 0, kTail);
constexpr Guid kRemote = Guid::of(0x00062014, 0, 0, kTail);
constexpr Guid kMeeting = Guid::of(0x6ED8DA90, 0x450B, 0x101B, 0x98DA00AA003F1305);
constexpr Guid kKopano = Guid::of(0x63AED8C8, 0x4049, 0x4B75, 0xBC8896DF9D723F2F);
constexpr Guid kKopanoImap = Guid::of(0x00F5F108, 0x8E3F, 0x46C7, 0xAF725E201C2349E7);
constexpr Guid kKopanoCalDav = Guid::of(0x77536087, 0xCB81, 0x4DC9, 0x9958EA4C51BE3486);
constexpr Guid kKopanoArchive = Guid::of(0x72E98EBC, 0x57D2, 0x4AB5, 0xB0AAD50A7B531CB9);
}  // namespace set

namespace tag {

constexpr Tag appointment(std::uint32_t id) { return {.id = id, .set = set::kAppointment}; }
constexpr Tag task(std::uint32_t id) { return {.id = id, .set = set::kTask}; }
constexpr Tag address(std::uint32_t id) { return {.id = id, .set = set::kAddress}; }
constexpr Tag common(std::uint32_t id) { return {.id = id, .set = set::kCommon}; }
constexpr Tag log(std::uint32_t id) { return {.id = id, .set = set::kLog}; }
constexpr Tag note(std::uint32_t id) { return {.id = id, .set = set::kNote}; }
constexpr Tag meeting(std::uint32_t id) { return {.id = id, .set = set::kMeeting}; }

// Of messages.
constexpr Tag kImportance{.id = 0x0017};
constexpr Tag kMessageClass{.id = 0x001A};
constexpr Tag kPriority{.id = 0x0026};
constexpr Tag kSensitivity{.id = 0x0036};
constexpr Tag kSubject{.id = 0x0037};
constexpr Tag kClientSubmitTime{.id = 0x0039};
constexpr Tag kSubjectPrefix{.id = 0x003D};
constexpr Tag kSentRepresentingEntryId{.id = 0x0041};
constexpr Tag kSentRepresentingName{.id = 0x0042};
constexpr Tag kReplyRecipientEntries{.id = 0x004F};
constexpr Tag kReplyRecipientNames{.id = 0x0050};
constexpr Tag kStartDate{.id = 0x0060};
constexpr Tag kEndDate{.id = 0x0061};
constexpr Tag kSentRepresentingAddressType{.id = 0x0064};
constexpr Tag kSentRepresentingEmailAddress{.id = 0x0065};
constexpr Tag kTransportMessageHeaders{.id = 0x007D};
constexpr Tag kReadReceiptRequested{.id = 0x0029};
constexpr Tag kDeliveryReportRequested{.id = 0x0023};
constexpr Tag kRecipientType{.id = 0x0C15};
constexpr Tag kSenderEntryId{.id = 0x0C19};
constexpr Tag kSenderName{.id = 0x0C1A};
constexpr Tag kSenderAddressType{.id = 0x0C1E};
constexpr Tag kSenderEmailAddress{.id = 0x0C1F};
constexpr Tag kMessageDeliveryTime{.id = 0x0E06};
constexpr Tag kMessageFlags{.id = 0x0E07};
constexpr Tag kMessageStatus{.id = 0x0E17};
constexpr Tag kNormalizedSubject{.id = 0x0E1D};
constexpr Tag kEntryId{.id = 0x0FFF};
constexpr Tag kBody{.id = 0x1000};
constexpr Tag kRtfCompressed{.id = 0x1009};
constexpr Tag kHtml{.id = 0x1013};
constexpr Tag kInternetMessageId{.id = 0x1035};
constexpr Tag kInternetReferences{.id = 0x1039};
constexpr Tag kInReplyToId{.id = 0x1042};
constexpr Tag kIconIndex{.id = 0x1080};
constexpr Tag kLastVerbExecuted{.id = 0x1081};
constexpr Tag kFlagStatus{.id = 0x1090};
constexpr Tag kFlagCompleteTime{.id = 0x1091};
constexpr Tag kFollowupIcon{.id = 0x1095};
constexpr Tag kInternetCodepage{.id = 0x3FDE};
constexpr Tag kMessageCodepage{.id = 0x3FFD};
constexpr Tag kSenderSmtpAddress{.id = 0x5D01};
constexpr Tag kSentRepresentingSmtpAddress{.id = 0x5D02};
constexpr Tag kRecipientFlags{.id = 0x5FFD};
constexpr Tag kRecipientTrackStatus{.id = 0x5FFF};
constexpr Tag kRecipientTrackStatusTime{.id = 0x5FFB};

// Of recipients, attachments, folders, and all objects.
constexpr Tag kDisplayName{.id = 0x3001};
constexpr Tag kAddressType{.id = 0x3002};
constexpr Tag kEmailAddress{.id = 0x3003};
constexpr Tag kComment{.id = 0x3004};
constexpr Tag kCreationTime{.id = 0x3007};
constexpr Tag kLastModificationTime{.id = 0x3008};
constexpr Tag kSearchKey{.id = 0x300B};
constexpr Tag kSmtpAddress{.id = 0x39FE};
constexpr Tag kAttachDataBinary{.id = 0x3701};
constexpr Tag kAttachEncoding{.id = 0x3702};
constexpr Tag kAttachExtension{.id = 0x3703};
constexpr Tag kAttachFilename{.id = 0x3704};
constexpr Tag kAttachMethod{.id = 0x3705};
constexpr Tag kAttachLongFilename{.id = 0x3707};
constexpr Tag kAttachPathname{.id = 0x3708};
constexpr Tag kAttachRendering{.id = 0x3709};
constexpr Tag kRenderingPosition{.id = 0x370B};
constexpr Tag kAttachTransportName{.id = 0x370C};
constexpr Tag kAttachLongPathname{.id = 0x370D};
constexpr Tag kAttachMimeTag{.id = 0x370E};
constexpr Tag kAttachContentId{.id = 0x3712};
constexpr Tag kAttachContentLocation{.id = 0x3713};
constexpr Tag kAttachFlags{.id = 0x3714};
constexpr Tag kAttachmentHidden{.id = 0x7FFE};
constexpr Tag kAttachmentContactPhoto{.id = 0x7FFF};
constexpr Tag kAttachmentFlags{.id = 0x7FFD};
constexpr Tag kExceptionStartTime{.id = 0x7FFB};
constexpr Tag kExceptionEndTime{.id = 0x7FFC};

// Of appointments and meetings.
constexpr Tag kAppointmentSequence = appointment(0x8201);
constexpr Tag kBusyStatus = appointment(0x8205);
constexpr Tag kLocation = appointment(0x8208);
constexpr Tag kAppointmentStartWhole = appointment(0x820D);
constexpr Tag kAppointmentEndWhole = appointment(0x820E);
constexpr Tag kAppointmentDuration = appointment(0x8213);
constexpr Tag kAppointmentColor = appointment(0x8214);
constexpr Tag kAppointmentSubType = appointment(0x8215);  // whole days
constexpr Tag kAppointmentRecur = appointment(0x8216);
constexpr Tag kAppointmentStateFlags = appointment(0x8217);
constexpr Tag kResponseStatus = appointment(0x8218);
constexpr Tag kRecurring = appointment(0x8223);
constexpr Tag kIntendedBusyStatus = appointment(0x8224);
constexpr Tag kExceptionReplaceTime = appointment(0x8228);
constexpr Tag kRecurrenceType = appointment(0x8231);
constexpr Tag kRecurrencePattern = appointment(0x8232);
constexpr Tag kTimeZoneStruct = appointment(0x8233);
constexpr Tag kTimeZoneDescription = appointment(0x8234);
constexpr Tag kClipStart = appointment(0x8235);
constexpr Tag kClipEnd = appointment(0x8236);
constexpr Tag kAllAttendees = appointment(0x8238);
constexpr Tag kAppointmentTimeZoneDefinitionStartDisplay = appointment(0x825E);
constexpr Tag kAppointmentTimeZoneDefinitionEndDisplay = appointment(0x825F);
constexpr Tag kAppointmentTimeZoneDefinitionRecur = appointment(0x8260);
constexpr Tag kGlobalObjectId = meeting(0x0003);
constexpr Tag kCleanGlobalObjectId = meeting(0x0023);
constexpr Tag kOwnerCriticalChange = meeting(0x001A);
constexpr Tag kAttendeeCriticalChange = meeting(0x0001);
constexpr Tag kCalDavUid{.id = 0x25, .set = set::kKopanoCalDav};

// Of all that can be seen in a calendar or have a reminder.
constexpr Tag kReminderDelta = common(0x8501);
constexpr Tag kReminderTime = common(0x8502);
constexpr Tag kReminderSet = common(0x8503);
constexpr Tag kPrivate = common(0x8506);
constexpr Tag kSmartNoAttach = common(0x8514);
constexpr Tag kCommonStart = common(0x8516);
constexpr Tag kCommonEnd = common(0x8517);
constexpr Tag kFlagRequest = common(0x8530);
constexpr Tag kReminderSignalTime = common(0x8560);
constexpr Tag kKeywords{.set = set::kPublicStrings, .name = "Keywords"};

// Of tasks.
constexpr Tag kTaskStatus = task(0x8101);
constexpr Tag kPercentComplete = task(0x8102);
constexpr Tag kTaskStartDate = task(0x8104);
constexpr Tag kTaskDueDate = task(0x8105);
constexpr Tag kTaskDateCompleted = task(0x810F);
constexpr Tag kTaskActualEffort = task(0x8110);
constexpr Tag kTaskEstimatedEffort = task(0x8111);
constexpr Tag kTaskRecurrence = task(0x8116);
constexpr Tag kTaskComplete = task(0x811C);
constexpr Tag kTaskOwner = task(0x811F);
constexpr Tag kTaskFRecurring = task(0x8126);

// Of contacts and distribution lists.
constexpr Tag kGeneration{.id = 0x3A05};
constexpr Tag kGivenName{.id = 0x3A06};
constexpr Tag kSurname{.id = 0x3A11};
constexpr Tag kMiddleName{.id = 0x3A44};
constexpr Tag kDisplayNamePrefix{.id = 0x3A45};
constexpr Tag kNickname{.id = 0x3A4F};
constexpr Tag kCompanyName{.id = 0x3A16};
constexpr Tag kTitle{.id = 0x3A17};
constexpr Tag kDepartmentName{.id = 0x3A18};
constexpr Tag kBirthday{.id = 0x3A42};
constexpr Tag kWeddingAnniversary{.id = 0x3A41};
constexpr Tag kFileUnder = address(0x8005);
constexpr Tag kDistributionListName = address(0x8053);
constexpr Tag kDistributionListOneOffMembers = address(0x8054);
constexpr Tag kDistributionListMembers = address(0x8055);

// Of notes and journal items.
constexpr Tag kNoteColor = note(0x8B00);
constexpr Tag kLogType = log(0x8700);
constexpr Tag kLogStart = log(0x8706);
constexpr Tag kLogDuration = log(0x8707);
constexpr Tag kLogEnd = log(0x8708);

}  // namespace tag
}  // namespace kontor::mapi
